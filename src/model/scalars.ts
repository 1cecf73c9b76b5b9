import { GraphQLScalarType, Kind } from "graphql";
import { GraphQLJSON } from "graphql-scalars";
import { isStorableText, MUST_BE_STORABLE } from "./storable-text.js";

const MAX = Number.MAX_SAFE_INTEGER;

function assertWhole(value: unknown): number {
  const number = typeof value === "string" || typeof value === "bigint" ? Number(value) : value;
  if (typeof number === "number" && Number.isSafeInteger(number)) return number;
  throw new TypeError(`BigInt is a whole number from -${MAX} to ${MAX}, not ${String(value)}.`);
}

/** Whole numbers up to 2^53 - 1, as JSON numbers. */
export const BigIntScalar = new GraphQLScalarType<number, number>({
  name: "BigInt",
  description: "Integer up to 2^53 - 1, encoded as a JSON number.",
  serialize: assertWhole,
  parseValue: assertWhole,
  parseLiteral: (node) => {
    if (node.kind === Kind.INT) return assertWhole(node.value);
    throw new TypeError("BigInt is a whole number.");
  },
});

/** Nested deeper, a value would exhaust the stack of whoever walks it. */
const MAX_JSON_DEPTH = 100;

/** The value, which Postgres can keep and everybody can walk. */
function assertStorable<T>(value: T): T {
  const visit = (inner: unknown, depth: number): void => {
    if (depth > MAX_JSON_DEPTH) throw new TypeError(`JSON must not be nested more than ${MAX_JSON_DEPTH} deep.`);
    if (typeof inner === "string" && !isStorableText(inner)) throw new TypeError(`JSON ${MUST_BE_STORABLE}.`);
    if (typeof inner !== "object" || inner === null) return;
    for (const [key, one] of Object.entries(inner)) {
      if (!Array.isArray(inner)) visit(key, depth);
      visit(one, depth + 1);
    }
  };
  visit(value, 0);
  return value;
}

const json = GraphQLJSON.toConfig();

/** Any JSON value that can be kept: input is at most 100 deep, without U+0000 and without halves of surrogate pairs. */
export const JsonScalar = new GraphQLScalarType({
  ...json,
  name: "JSON",
  description: "Any JSON value. Input may be nested up to 100 levels and must not contain the character U+0000.",
  specifiedByURL: null,
  parseValue: (value) => assertStorable(json.parseValue(value)),
  parseLiteral: (node, variables) => assertStorable(json.parseLiteral(node, variables)),
});

/** bigint columns come as text; these are numbers that stay below 2^53. */
export const wholeNumber = {
  from: (value: string | null): number | null => (value === null ? null : Number(value)),
  to: (value: number | null): number | null => value,
};
