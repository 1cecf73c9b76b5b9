import {
  getNamedType,
  getNullableType,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
  isUnionType,
  type GraphQLField,
  type GraphQLInputType,
  type GraphQLNamedType,
  type GraphQLSchema,
} from "graphql";

/** A number from 0 to 1, the next of its seed. */
export type Random = () => number;

/** Mulberry32: small, and the same everywhere for one seed. */
export function randomOf(seed: number): Random {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export interface Generated {
  readonly query: string;
  readonly variables: Record<string, unknown>;
}

const MAX_DEPTH = 5;
/** Values that no type expects, or that some type takes and something behind it may not. */
const ODD_VALUES: readonly unknown[] = [
  null,
  "",
  "\0",
  "\ud800",
  "'; drop table task; --",
  "%",
  "x".repeat(5_000),
  -1,
  0,
  1.5,
  2 ** 31,
  2 ** 53,
  1e308,
  true,
  [],
  {},
  [null],
  { $ne: 1 },
  JSON.parse('{"__proto__":{"x":1}}'),
  "9999-12-31T23:59:59.999Z",
  "0000-01-01T00:00:00Z",
];

/** An operation that the schema's grammar allows, with values that may be right, foreign or mad. */
export function generate(schema: GraphQLSchema, ids: readonly string[], random: Random): Generated {
  return new Generator(schema, ids, random).operation();
}

class Generator {
  readonly #schema: GraphQLSchema;
  readonly #ids: readonly string[];
  readonly #random: Random;
  readonly #definitions: string[] = [];
  readonly #variables: Record<string, unknown> = {};

  constructor(schema: GraphQLSchema, ids: readonly string[], random: Random) {
    this.#schema = schema;
    this.#ids = ids;
    this.#random = random;
  }

  operation(): Generated {
    const isMutation = this.#chance(0.25);
    const root = (isMutation ? this.#schema.getMutationType() : this.#schema.getQueryType())!;
    const selections = this.#several(1, 3, () => this.#field(this.#pick(Object.values(root.getFields())), 1));
    const definitions = this.#definitions.length > 0 ? `(${this.#definitions.join(", ")})` : "";
    return {
      query: `${isMutation ? "mutation" : "query"} Fuzz${definitions} { ${selections.join(" ")} }`,
      variables: this.#variables,
    };
  }

  #field(field: GraphQLField<unknown, unknown>, depth: number): string {
    const alias = this.#chance(0.1) ? `a${Math.floor(this.#random() * 1_000)}: ` : "";
    const args = field.args
      .filter(({ type }) => isNonNullType(type) || this.#chance(0.4))
      .map(({ name, type }) => `${name}: ${this.#argument(type)}`);
    const directive = this.#chance(0.05) ? ` @${this.#pick(["include", "skip"])}(if: ${this.#chance(0.5)})` : "";
    const type = getNamedType(field.type);
    const below = isLeafType(type) ? "" : ` { ${this.#selection(type, depth + 1)} }`;
    return `${alias}${field.name}${args.length > 0 ? `(${args.join(", ")})` : ""}${directive}${below}`;
  }

  #selection(type: GraphQLNamedType, depth: number): string {
    if (isUnionType(type) || isInterfaceType(type)) {
      const one = this.#pick(this.#schema.getPossibleTypes(type));
      return `__typename ... on ${one.name} { ${this.#selection(one, depth)} }`;
    }
    if (!isObjectType(type)) return "__typename";
    const fields = Object.values(type.getFields()).filter(
      (field) => depth < MAX_DEPTH || isLeafType(getNamedType(field.type)),
    );
    if (fields.length === 0) return "__typename";
    return this.#several(1, 4, () => this.#field(this.#pick(fields), depth)).join(" ");
  }

  /** As a variable, where anything can come, or as a literal, which must at least be of its kind. */
  #argument(type: GraphQLInputType): string {
    if (this.#chance(0.5)) {
      const name = `v${this.#definitions.length}`;
      this.#definitions.push(`$${name}: ${String(type)}`);
      if (this.#chance(0.95)) this.#variables[name] = this.#chance(0.15) ? this.#pick(ODD_VALUES) : this.#value(type);
      return `$${name}`;
    }
    return literal(this.#value(type), type);
  }

  #value(type: GraphQLInputType): unknown {
    if (!isNonNullType(type) && this.#chance(0.1)) return null;
    const nullable = getNullableType(type);
    if (isListType(nullable)) return this.#several(0, 3, () => this.#value(nullable.ofType));
    if (isEnumType(nullable)) return this.#pick(nullable.getValues()).name;
    if (isInputObjectType(nullable)) {
      const fields = Object.values(nullable.getFields()).filter((one) => isNonNullType(one.type) || this.#chance(0.4));
      return Object.fromEntries(fields.map((one) => [one.name, this.#value(one.type)]));
    }
    return this.#scalar(getNamedType(nullable).name);
  }

  #scalar(name: string): unknown {
    if (name === "ID") return this.#pick([...this.#ids, "42", "00000000-0000-0000-0000-000000000000"]);
    if (name === "Int" || name === "BigInt") return this.#pick([-1, 0, 1, 5, 50, 100, 101, 2_147_483_647]);
    if (name === "Float") return this.#pick([-1, 0.5, 1e9]);
    if (name === "Boolean") return this.#chance(0.5);
    if (name === "DateTime") return this.#pick(["2020-01-01T00:00:00Z", "2999-01-01T00:00:00Z", "no date"]);
    if (name === "JSON") return this.#pick<unknown>([{}, { a: [1, { b: "\0" }] }, "text", 7, [1, 2]]);
    return this.#pick(["plain", "collection 1", "x", "", "\0", "\ud800", "d0", "'", "collections"]);
  }

  #several<T>(least: number, most: number, make: () => T): T[] {
    return Array.from({ length: least + Math.floor(this.#random() * (most - least + 1)) }, make);
  }

  #pick<T>(from: readonly T[]): T {
    return from[Math.floor(this.#random() * from.length)]!;
  }

  #chance(share: number): boolean {
    return this.#random() < share;
  }
}

/** As GraphQL writes it. */
function literal(value: unknown, type: GraphQLInputType): string {
  if (value === null) return "null";
  const nullable = getNullableType(type);
  if (isListType(nullable)) return `[${(value as unknown[]).map((one) => literal(one, nullable.ofType)).join(", ")}]`;
  if (isEnumType(nullable)) return value as string;
  if (isInputObjectType(nullable)) {
    const fields = nullable.getFields();
    return `{ ${Object.entries(value as object)
      .map(([name, one]) => `${name}: ${literal(one, fields[name]!.type)}`)
      .join(", ")} }`;
  }
  return json(value);
}

function json(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(json).join(", ")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  return `{ ${Object.entries(value)
    .map(([name, one]) => `${name}: ${json(one)}`)
    .join(", ")} }`;
}
