import {
  getNamedType,
  isEnumType,
  isInputObjectType,
  isLeafType,
  isListType,
  isNonNullType,
  type GraphQLArgument,
  type GraphQLField,
  type GraphQLInputField,
  type GraphQLInputType,
} from "graphql";
import { randomUUID } from "node:crypto";

type Place = (id: string) => Record<string, unknown>;
type InputFields = readonly (GraphQLInputField | GraphQLArgument)[];

/** A value for what must be given. Pipelines are named "rich". */
function filler(type: GraphQLInputType, name: string): unknown {
  if (isNonNullType(type)) return filler(type.ofType, name);
  if (isListType(type)) return [filler(type.ofType, name)];
  if (isEnumType(type)) return type.getValues()[0]!.name;
  if (isInputObjectType(type)) return fillersOf(Object.values(type.getFields()));
  const named = getNamedType(type).name;
  if (named === "ID") return randomUUID();
  if (named === "Int" || named === "BigInt") return 1;
  if (named === "Boolean") return false;
  if (named === "DateTime") return new Date(Date.now() - 3_600_000).toISOString();
  // Every document's text has this word.
  if (name === "query") return "text";
  return name === "pipeline" ? "rich" : "x";
}

/** A value for each of these that must be given. */
export function fillersOf(fields: InputFields): Record<string, unknown> {
  const needed = fields.filter(({ type }) => isNonNullType(type));
  return Object.fromEntries(needed.map(({ name, type }) => [name, filler(type, name)]));
}

/** Every way to give this field an id: its variables, with the id in one place. */
export function placesOf(field: GraphQLField<unknown, unknown>): Place[] {
  const within = (fields: InputFields, around: (inner: Record<string, unknown>) => Record<string, unknown>): Place[] =>
    fields.flatMap(({ name, type }) => {
      const base = fillersOf(fields);
      const named = getNamedType(type);
      const wrap = (value: unknown): unknown =>
        isListType(isNonNullType(type) ? type.ofType : type) ? [value] : value;
      if (named.name === "ID") return [(id: string) => around({ ...base, [name]: wrap(id) })];
      if (!isInputObjectType(named)) return [];
      return within(Object.values(named.getFields()), (inner) => around({ ...base, [name]: wrap(inner) }));
    });
  return within(field.args, (inner) => inner);
}

/** The declarations of a field's arguments as variables, and the arguments given by them. */
export function argumentsOf({ args }: GraphQLField<unknown, unknown>): { declared: string[]; given: string } {
  return {
    declared: args.map(({ name, type }) => `$${name}: ${String(type)}`),
    given: args.length === 0 ? "" : `(${args.map(({ name }) => `${name}: $${name}`).join(", ")})`,
  };
}

/** An operation that asks a root field with all of its arguments, and of mutations for their user errors. */
export function operationFor(kind: string, field: GraphQLField<unknown, unknown>): string {
  const { declared, given } = argumentsOf(field);
  const type = getNamedType(field.type);
  let selection = "";
  if (!isLeafType(type)) {
    const { userErrors } = "getFields" in type ? type.getFields() : {};
    selection = userErrors ? "{ __typename userErrors { code message path } }" : "{ __typename }";
  }
  return `${kind} ${declared.length === 0 ? "" : `(${declared.join(", ")})`} { ${field.name}${given} ${selection} }`;
}
