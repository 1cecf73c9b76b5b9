import type { ObjectLiteral, SelectQueryBuilder } from "typeorm";
import { sqlStateOf } from "../../database/transaction.js";
import { BadInput } from "../../errors.js";
import { isStorableText } from "../../model/storable-text.js";

export const DEFAULT_PAGE = 50;
export const MAX_PAGE = 100;
/** totalCount is exact up to here, and null beyond: nobody reads a larger number, and counting it would cost. */
const MAX_COUNT = 10_000;

export interface PageRequest {
  readonly first?: number | null;
  readonly after?: string | null;
  readonly last?: number | null;
  readonly before?: string | null;
}

export interface Edge<T> {
  readonly cursor: string;
  readonly node: T;
}
export interface Page<T> {
  readonly edges: readonly Edge<T>[];
  readonly nodes: readonly T[];
  readonly pageInfo: {
    readonly hasNextPage: boolean;
    readonly hasPreviousPage: boolean;
    readonly startCursor: string | null;
    readonly endCursor: string | null;
  };
  /** A getter: counted only when it is selected. */
  readonly totalCount: Promise<number | null>;
}

/** How many, and from which end. @throws {BadInput} */
export function sizeOf({ first, last }: PageRequest): { readonly limit: number; readonly backwards: boolean } {
  if (typeof first === "number" && typeof last === "number") {
    throw new BadInput("first and last are both given; use one of them.", { field: "first" });
  }
  const backwards = typeof last === "number";
  const limit = (backwards ? last : first) ?? DEFAULT_PAGE;
  if (limit < 0 || limit > MAX_PAGE) {
    const field = backwards ? "last" : "first";
    throw new BadInput(`${field} is ${limit}; it must be 0 to ${MAX_PAGE}.`, { field });
  }
  return { limit, backwards };
}

/** Edges of one row more than asked, in the order of the list; trims it and says whether there is more. */
export function toPage<T>(
  request: PageRequest,
  found: readonly Edge<T>[],
  count: () => Promise<number | null>,
): Page<T> {
  const { limit, backwards } = sizeOf(request);
  const hasMore = found.length > limit;
  const edges = backwards ? found.slice(hasMore ? 1 : 0) : found.slice(0, limit);
  return {
    edges,
    nodes: edges.map(({ node }) => node),
    pageInfo: {
      hasNextPage: backwards ? isGiven(request.before) : hasMore,
      hasPreviousPage: backwards ? hasMore : isGiven(request.after),
      startCursor: edges[0]?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
    },
    get totalCount() {
      return count();
    },
  };
}

/** By which columns a list runs; the last makes the order total. All run the same way. */
export interface Keyset {
  /** Names the list and its order, so that a cursor of another list is refused. */
  readonly name: string;
  readonly descending: boolean;
  readonly columns: readonly { readonly sql: string; readonly type: "timestamptz" | "uuid" | "int" | "text" }[];
}

/** The query of one page, by its keys: one row more than asked, from the end that is asked for, the keys as `key_0`, `key_1` … */
export function pageQuery<T extends ObjectLiteral>(
  query: SelectQueryBuilder<T>,
  keyset: Keyset,
  request: PageRequest,
): SelectQueryBuilder<T> {
  const { limit, backwards } = sizeOf(request);
  const columns = keyset.columns.map(({ sql }) => sql).join(", ");
  const paged = query.clone();
  for (const side of ["after", "before"] as const) {
    const cursor = request[side];
    if (!isGiven(cursor)) continue;
    const keys = decodeKeys(cursor, keyset, side);
    const values = keyset.columns.map(({ type }, index) => `cast(:${side}${index} as ${type})`).join(", ");
    const sign = (side === "after") === keyset.descending ? "<" : ">";
    paged.andWhere(`(${columns}) ${sign} (${values})`, Object.fromEntries(keys.map((key, i) => [`${side}${i}`, key])));
  }
  const direction = keyset.descending !== backwards ? "DESC" : "ASC";
  for (const [index, { sql }] of keyset.columns.entries()) {
    paged.addSelect(`cast(${sql} as text)`, `key_${index}`);
    paged.addOrderBy(sql, direction);
  }
  return paged.limit(limit + 1);
}

/** Runs the statement of a page. A cursor that has the shape of one and a value that can't be, such as a 30th of February, is refused. @throws {BadInput} */
export async function refusingCursors<T>(request: PageRequest, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    const field = isGiven(request.after) ? "after" : "before";
    if (!isGiven(request[field]) || !sqlStateOf(error)?.startsWith("22")) throw error;
    throw noCursor(request[field], field);
  }
}

/** The cursor of a row that `pageQuery` read. */
export function cursorOf(keyset: Keyset, row: Readonly<Record<string, unknown>>): string {
  return encodeKeys(
    keyset,
    keyset.columns.map((_, i) => row[`key_${i}`] as string),
  );
}

/** Null when there are more than are counted. */
export function exactUpToMax(count: number): number | null {
  return count > MAX_COUNT ? null : count;
}
export const COUNT_LIMIT = MAX_COUNT + 1;

function isGiven(value: string | null | undefined): value is string {
  return typeof value === "string";
}

function encodeKeys(keyset: Keyset, keys: readonly string[]): string {
  return Buffer.from(JSON.stringify([keyset.name, ...keys])).toString("base64url");
}

/** What Postgres takes as each type: another value would fail there, as if it were our fault. */
const FITS: Record<Keyset["columns"][number]["type"], (key: string) => boolean> = {
  timestamptz: isTimestamp,
  uuid: (key) => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(key),
  int: (key) => /^-?\d{1,10}$/.test(key) && Number(key) === (Number(key) | 0),
  text: (key) => key.length <= 1_000 && isStorableText(key),
};

function isTimestamp(key: string): boolean {
  const [, day, time] =
    /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)(?:\.\d{1,6})?[+-](?:0\d|1[0-5])(?::[0-5]\d)?$/.exec(key) ?? [];
  const date = new Date(`${day}T${time}Z`);
  // A day or an hour that is none is moved to the next, or makes no date at all.
  return !Number.isNaN(date.getTime()) && date.getUTCFullYear() > 0 && date.toISOString().startsWith(`${day}T${time}`);
}

function decodeKeys(cursor: string, keyset: Keyset, field: "after" | "before"): string[] {
  let parts: unknown;
  try {
    parts = JSON.parse(Buffer.from(cursor, "base64url").toString("utf8"));
  } catch {
    parts = null;
  }
  const [name, ...keys] = Array.isArray(parts) ? (parts as unknown[]) : [];
  const fits =
    name === keyset.name &&
    keys.length === keyset.columns.length &&
    keyset.columns.every(({ type }, i) => typeof keys[i] === "string" && FITS[type](keys[i]));
  if (fits) return keys as string[];
  throw noCursor(cursor, field);
}

function noCursor(cursor: string, field: "after" | "before"): BadInput {
  return new BadInput(`${field}: "${cursor.slice(0, 100)}" is not a cursor of this list; take one from its edges.`, {
    field,
  });
}
