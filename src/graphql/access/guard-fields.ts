import {
  defaultFieldResolver,
  getNamedType,
  isInterfaceType,
  isObjectType,
  Kind,
  type FieldNode,
  type FragmentSpreadNode,
  type GraphQLField,
  type GraphQLNamedType,
  type GraphQLResolveInfo,
  type GraphQLSchema,
  type InlineFragmentNode,
  type SelectionSetNode,
} from "graphql";
import {
  isOperator,
  isPermitted,
  MUTATION_ROLES,
  requireMutation,
  requireOperator,
  requireRead,
  requireRole,
  type Principal,
} from "../../access/principal.js";
import { AccessDenied } from "../../errors.js";
import type { GraphContext } from "../context.js";
import { asRejection } from "../limits/as-rejection.js";
import { accessOf, readableTypes, type FieldAccess } from "./field-access.js";

type Field = GraphQLField<unknown, GraphContext>;

/**
 * Puts before the schema's mutations the roles and permissions that they need, and before its other fields what keys of one
 * collection or job are refused of them. A key that may not READ asks nothing but `viewer`, and of what its mutations did
 * the ids.
 * @throws {Error} where a mutation has no role, or another field no line in field-access.ts
 */
export function guardFields(schema: GraphQLSchema): GraphQLSchema {
  const readable = new Set(readableTypes(schema));
  for (const field of Object.values(schema.getMutationType()?.getFields() ?? {})) {
    if (MUTATION_ROLES[field.name] === undefined) {
      throw new Error(`The mutation ${field.name} has no role in MUTATION_ROLES.`);
    }
    guard(field, (principal, info) => {
      requireMutation(principal, field.name);
      if (isPermitted(principal, "READ")) return "GO_ON";
      // Before anything is done: a payload leads on to all there is.
      const read = readIn(info, readable);
      if (read !== null) requireRead(principal, `${read} can't be asked of what it did, but ids can: `);
      return "GO_ON";
    });
  }
  for (const type of readable) {
    const isRoot = type === schema.getQueryType() || type === schema.getSubscriptionType();
    for (const field of Object.values(type.getFields())) {
      const name = `${type.name}.${field.name}`;
      const access = accessOf(type.name, field.name);
      if (access === null) {
        throw new Error(
          `The field ${name} is not in src/graphql/access/field-access.ts: say there what keys of one collection or job see of it.`,
        );
      }
      const check = CHECKS[access];
      const isClosedWithoutRead = isRoot && field.name !== "viewer";
      if (!check && !isClosedWithoutRead) continue;
      guard(field, (principal) => {
        if (isClosedWithoutRead) requireRead(principal);
        return check?.(principal, name) ?? "GO_ON";
      });
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
      `${name} covers all jobs of a collection, but this key can access only job ${scope.jobId}; select the field on that job.`,
    );
  },
  PROJECT: ({ scope }, name) => {
    if (scope === null) return "GO_ON";
    throw new AccessDenied("FORBIDDEN", `${name} covers the whole project, but this key can access only a part of it.`);
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

/** A field that a mutation's selection reads of what queries lead to, other than an id; null where there is none. */
function readIn(
  { fieldNodes, fragments, returnType, schema }: GraphQLResolveInfo,
  readable: ReadonlySet<GraphQLNamedType>,
): string | null {
  const within = (selections: SelectionSetNode | undefined, type: GraphQLNamedType): string | null => {
    for (const node of selections?.selections ?? []) {
      const found = node.kind === Kind.FIELD ? ofField(node, type) : ofFragment(node, type);
      if (found !== null) return found;
    }
    return null;
  };
  const ofField = ({ name: { value: name }, selectionSet }: FieldNode, type: GraphQLNamedType): string | null => {
    if (name.startsWith("__")) return null;
    if (name !== "id" && (!isObjectType(type) || readable.has(type))) return `${type.name}.${name}`;
    const field = isObjectType(type) || isInterfaceType(type) ? type.getFields()[name] : undefined;
    return field ? within(selectionSet, getNamedType(field.type)) : null;
  };
  const ofFragment = (node: FragmentSpreadNode | InlineFragmentNode, type: GraphQLNamedType): string | null => {
    const fragment = node.kind === Kind.FRAGMENT_SPREAD ? fragments[node.name.value] : node;
    const on = fragment?.typeCondition && schema.getType(fragment.typeCondition.name.value);
    return fragment ? within(fragment.selectionSet, on ?? type) : null;
  };
  for (const { selectionSet } of fieldNodes) {
    const found = within(selectionSet, getNamedType(returnType));
    if (found !== null) return found;
  }
  return null;
}

function guard(field: Field, check: (principal: Principal, info: GraphQLResolveInfo) => Verdict): void {
  const { subscribe } = field;
  if (subscribe) {
    field.subscribe = asRejection((source, args, context, info) => {
      check(context.principal, info);
      return subscribe(source, args, context, info);
    });
  }
  const resolve = field.resolve ?? defaultFieldResolver;
  field.resolve = asRejection((source, args, context, info) =>
    check(context.principal, info) === "NULL" ? null : resolve(source, args, context, info),
  );
}
