import type { GraphQLFieldResolver } from "graphql";

/**
 * The resolver, with what it throws as a rejection. graphql-js leaves a list at the first item that throws, and with it the
 * promises of the items before: when one of these is rejected later, nobody has waited for it, and the process ends.
 */
export function asRejection<Source, Context>(
  resolve: GraphQLFieldResolver<Source, Context>,
): GraphQLFieldResolver<Source, Context> {
  return (source, args, context, info) => {
    try {
      return resolve(source, args, context, info);
    } catch (error) {
      return Promise.reject(error as Error);
    }
  };
}
