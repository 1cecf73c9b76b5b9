import { defaultFieldResolver, type GraphQLSchema } from "graphql";
import type { GraphContext } from "../context.js";

/**
 * Mutations of one request run one after the other. Each begins with nothing loaded, since those before it have changed
 * what was; and what each has carried out is noted, for the case that the answer gets lost.
 */
export function oneAfterAnother(schema: GraphQLSchema): GraphQLSchema {
  for (const field of Object.values(schema.getMutationType()?.getFields() ?? {})) {
    const resolve = field.resolve ?? defaultFieldResolver;
    field.resolve = async (source, args, context: GraphContext, info) => {
      context.forgetLoaded();
      context.budget.beginMutation();
      const payload = (await resolve(source, args, context, info)) as Payload;
      if (hasDoneAnything(payload)) context.budget.noteCarriedOut(String(info.path.key));
      return payload;
    };
  }
  return schema;
}

interface Payload {
  readonly userErrors?: readonly unknown[];
  /** Of what acts on many at once: how many it has acted on. */
  readonly applied?: number;
}

function hasDoneAnything({ userErrors = [], applied }: Payload): boolean {
  return applied === undefined ? userErrors.length === 0 : applied > 0;
}
