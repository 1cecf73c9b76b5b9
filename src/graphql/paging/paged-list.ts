import type { DataSource, ObjectLiteral, SelectQueryBuilder } from "typeorm";
import { readBounded, type BoundedDb } from "../limits/bounded-read.js";
import { toEntity } from "../limits/read-entities.js";
import {
  COUNT_LIMIT,
  cursorOf,
  exactUpToMax,
  pageQuery,
  refusingCursors,
  sizeOf,
  toPage,
  type Edge,
  type Keyset,
  type Page,
  type PageRequest,
} from "./page.js";

/** A row as the driver gives it. */
export type Row = Readonly<Record<string, unknown>>;

export interface SqlStatement {
  readonly sql: string;
  /** Of the places $1, $2 … in it. */
  readonly parameters: readonly unknown[];
}

/** A list that is read page by page. Where each of many parents has one, its statements speak of the parent as `p.id`. */
export interface PagedList<T> {
  /** Whose list it is, such as "jobs of a collection", and what it is narrowed to: equal for equal lists. */
  readonly name: string;
  readonly filter?: unknown;
  /** One page, with one row more than asked. */
  readonly page: (request: PageRequest) => SqlStatement;
  /** All rows, for counting. */
  readonly all: () => SqlStatement;
  readonly toEdge: (row: Row) => Edge<T>;
}

/** A list of entities: `query` selects its rows as `t`; one parent's by a condition such as "t.job_id = p.id". */
export function entityList<T extends ObjectLiteral>(
  list: Pick<PagedList<T>, "name" | "filter">,
  keyset: Keyset,
  query: SelectQueryBuilder<T>,
): PagedList<T> {
  const statement = (built: SelectQueryBuilder<T>): SqlStatement => {
    const [sql, parameters] = built.getQueryAndParameters();
    return { sql, parameters };
  };
  return {
    ...list,
    page: (request) => statement(pageQuery(query, keyset, request)),
    all: () => statement(query.clone().select("1")),
    toEdge: (row) => ({ cursor: cursorOf(keyset, row), node: toEntity(query, row) }),
  };
}

/** One page of a list that has no parent: one statement, and one more where totalCount is selected. @throws {BadInput} */
export async function readPage<T>(
  { db, budget }: BoundedDb,
  list: PagedList<T>,
  request: PageRequest,
): Promise<Page<T>> {
  const { sql, parameters } = list.page(request);
  const rows: Row[] = await refusingCursors(request, () => readBounded(db, budget, sql, parameters));
  const edges = rows.map((row) => list.toEdge(row));
  return toPage(request, sizeOf(request).backwards ? edges.reverse() : edges, () => count(db, list.all()));
}

async function count(db: DataSource, { sql, parameters }: SqlStatement): Promise<number | null> {
  const rows: { n: number }[] = await db.query(`select count(*)::int as n from (${sql} limit ${COUNT_LIMIT}) counted`, [
    ...parameters,
  ]);
  return exactUpToMax(rows[0]!.n);
}

/** One page of a query, by its keys: right while rows arrive and change, and as fast on page 1,000 as on page 1. */
export function keysetPage<T extends ObjectLiteral>(
  context: BoundedDb,
  query: SelectQueryBuilder<T>,
  keyset: Keyset,
  request: PageRequest,
): Promise<Page<T>> {
  return readPage(context, entityList({ name: keyset.name }, keyset, query), request);
}
