import { defaultFieldResolver, type GraphQLField, type GraphQLSchema } from "graphql";
import { isOperator, MUTATION_ROLES, requireOperator, requireRole, type Principal } from "../../access/principal.js";
import { AccessDenied } from "../../errors.js";
import type { GraphContext } from "../context.js";
import { asRejection } from "../limits/as-rejection.js";
import { accessOf, readableTypes, type FieldAccess } from "./field-access.js";

type Field = GraphQLField<unknown, GraphContext>;

/**
 * Puts before the schema's mutations the roles that they need, and before its other fields what keys of one collection or
 * job are refused of them.
 * @throws {Error} where a mutation has no role, or another field no line in field-access.ts
 */
export function guardFields(schema: GraphQLSchema): GraphQLSchema {
  for (const field of Object.values(schema.getMutationType()?.getFields() ?? {})) {
    const least = MUTATION_ROLES[field.name];
    if (least === undefined) throw new Error(`The mutation ${field.name} has no role in MUTATION_ROLES.`);
    guard(field, (principal) => {
      requireRole(principal, least);
      return "GO_ON";
    });
  }
  for (const type of readableTypes(schema)) {
    for (const field of Object.values(type.getFields())) {
      const name = `${type.name}.${field.name}`;
      const access = accessOf(type.name, field.name);
      if (access === null) {
        throw new Error(
          `The field ${name} is not in src/graphql/access/field-access.ts: say there what keys of one collection or job see of it.`,
        );
      }
      const check = CHECKS[access];
      if (check) guard(field, (principal) => check(principal, name));
    }
  }
  return schema;
}

type Verdict = "GO_ON" | "NULL";

/** Where an access is not here, the field's own resolver and loaders see to it. */
const CHECKS: Partial<Record<FieldAccess, (principal: Principal, name: string) => Verdict>> = {
  COLLECTION: ({ scope }, name) => {
    if (scope === null || scope.jobId === null) return "GO_ON";
    throw new AccessDenied(
      "FORBIDDEN",
      `${name} tells of all jobs of a collection, and this key sees one of them: ask for the same of job ${scope.jobId}.`,
    );
  },
  PROJECT: ({ scope }, name) => {
    if (scope === null) return "GO_ON";
    throw new AccessDenied("FORBIDDEN", `${name} tells of the whole project; this key sees one part of it.`);
  },
  PROJECT_OR_NULL: ({ scope }) => (scope === null ? "GO_ON" : "NULL"),
  ADMIN: (principal) => {
    requireRole(principal, "ADMIN");
    return "GO_ON";
  },
  OPERATOR: (principal) => {
    requireOperator(principal);
    return "GO_ON";
  },
  OPERATOR_OR_NULL: (principal) => (isOperator(principal) ? "GO_ON" : "NULL"),
};

function guard(field: Field, check: (principal: Principal) => Verdict): void {
  const resolve = field.resolve ?? defaultFieldResolver;
  field.resolve = asRejection((source, args, context, info) =>
    check(context.principal) === "NULL" ? null : resolve(source, args, context, info),
  );
}
