import type { GraphQLSchema } from "graphql";
import { MUTATION_ROLES, requireRole, type Principal } from "../../access/principal.js";
import { AccessDenied } from "../../errors.js";
import type { GraphContext } from "../context.js";

/** Puts the roles in front of the schema's mutations, and what scoped keys may not ask in front of its queries. */
export function guardRoots(schema: GraphQLSchema): GraphQLSchema {
  for (const field of Object.values(schema.getMutationType()?.getFields() ?? {})) {
    const least = MUTATION_ROLES[field.name];
    if (least === undefined) throw new Error(`The mutation ${field.name} has no role in MUTATION_ROLES.`);
    guard(field, (principal) => requireRole(principal, least));
  }
  for (const field of Object.values(schema.getQueryType()?.getFields() ?? {})) {
    if (!WHOLE_PROJECT_QUERIES.includes(field.name)) continue;
    guard(field, ({ scope }) => {
      if (scope !== null)
        throw new AccessDenied("FORBIDDEN", `${field.name} tells of the whole project; this key sees one part of it.`);
    });
  }
  return schema;
}

/** What tells of the whole project or installation, and so is closed to a key of one collection or job. */
export const WHOLE_PROJECT_QUERIES: readonly string[] = ["pipelines", "workers"];

type Field = ReturnType<NonNullable<ReturnType<GraphQLSchema["getQueryType"]>>["getFields"]>[string];

function guard(field: Field, check: (principal: Principal) => void): void {
  const { resolve } = field;
  field.resolve = (source, args, context: GraphContext, info) => {
    check(context.principal);
    return resolve?.(source, args, context, info);
  };
}
