import { GraphQLScalarType, Kind } from "graphql";
import { GraphQLJSON } from "graphql-scalars";

const MAX = Number.MAX_SAFE_INTEGER;

function assertWhole(value: unknown): number {
  const number = typeof value === "string" || typeof value === "bigint" ? Number(value) : value;
  if (typeof number === "number" && Number.isSafeInteger(number)) return number;
  throw new TypeError(`BigInt is a whole number from -${MAX} to ${MAX}, not ${String(value)}.`);
}

/** Whole numbers up to 2^53 - 1, as JSON numbers. */
export const BigIntScalar = new GraphQLScalarType<number, number>({
  name: "BigInt",
  description: "Whole numbers up to 2^53 - 1, as JSON numbers.",
  serialize: assertWhole,
  parseValue: assertWhole,
  parseLiteral: (node) => {
    if (node.kind === Kind.INT) return assertWhole(node.value);
    throw new TypeError("BigInt is a whole number.");
  },
});

/** Any JSON value. */
export const JsonScalar = new GraphQLScalarType({
  ...GraphQLJSON.toConfig(),
  name: "JSON",
  description: "Any JSON value.",
  specifiedByURL: null,
});

/** bigint columns come as text; these are numbers that stay below 2^53. */
export const wholeNumber = {
  from: (value: string | null): number | null => (value === null ? null : Number(value)),
  to: (value: number | null): number | null => value,
};
