import type { GraphQLFieldResolver, GraphQLSchema } from "graphql";

/** The stream cursors that a request asks for, by its context. */
const cursors = new WeakMap<object, Promise<unknown>[]>();

/**
 * Lets a request take its stream cursors before it reads anything else: a change between the two would be in neither
 * what was read nor what the stream gives. All root fields are begun in one turn, so that after it every cursor of the
 * request is known to the others, wherever it stands in the selection.
 */
export function takeCursorsFirst(schema: GraphQLSchema): void {
  for (const field of Object.values(schema.getQueryType()!.getFields())) {
    const resolve = field.resolve as GraphQLFieldResolver<unknown, object>;
    field.resolve =
      field.name === "streamCursor"
        ? (source, args, context, info) => {
            const cursor = Promise.resolve(resolve(source, args, context, info));
            cursors.set(context, [...(cursors.get(context) ?? []), cursor]);
            return cursor;
          }
        : async (source, args, context, info) => {
            await Promise.resolve();
            // A cursor that can't be had is an error of its own field, and no reason to fail the others.
            await Promise.allSettled(cursors.get(context) ?? []);
            return resolve(source, args, context, info);
          };
  }
}
