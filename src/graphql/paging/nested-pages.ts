import DataLoader from "dataloader";
import type { DataSource, ObjectLiteral, SelectQueryBuilder } from "typeorm";
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

type Row = Readonly<Record<string, unknown>>;

export interface Statement {
  readonly sql: string;
  /** Of the places $1, $2 … in it. */
  readonly parameters: readonly unknown[];
}

/** A list that each of many parents has; its statements speak of the parent as `p.id`. */
export interface NestedList<T> {
  /** Whose list it is, such as "jobs of a collection", and what it is narrowed to: equal for equal lists. */
  readonly name: string;
  readonly filter?: unknown;
  /** One parent's page, with one row more than asked. */
  readonly page: (request: PageRequest) => Statement;
  /** All rows of one parent, for counting. */
  readonly all: () => Statement;
  readonly toEdge: (row: Row) => Edge<T>;
}

/** A nested list of entities: `query` selects one parent's rows as `t`, such as "t.job_id = p.id". */
export function entityList<T extends ObjectLiteral>(
  list: Pick<NestedList<T>, "name" | "filter">,
  keyset: Keyset,
  query: SelectQueryBuilder<T>,
): NestedList<T> {
  const statement = (built: SelectQueryBuilder<T>): Statement => {
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

/** The entity in a row whose columns are named as a query builder names those of its alias `t`. */
function toEntity<T extends ObjectLiteral>(query: SelectQueryBuilder<T>, row: Row): T {
  const { metadata } = query.expressionMap.mainAlias!;
  const entity = metadata.create(undefined, { fromDeserializer: true });
  for (const column of metadata.columns) {
    const value = row[`t_${column.databaseName}`];
    if (value === undefined) continue; // A column that is read by name alone, such as an embedding.
    column.setEntityValue(entity, query.connection.driver.prepareHydratedValue(value, column));
  }
  return entity as T;
}

interface Batches {
  readonly pages: DataLoader<string, Page<unknown>>;
  readonly counts: DataLoader<string, number | null>;
}

/**
 * Pages of lists below many parents: however many parents a request has, one statement a list reads all their pages,
 * and one more counts them where totalCount is selected. One per request, like any loader.
 */
export class NestedPages {
  readonly #db: DataSource;
  readonly #lists = new Map<string, Batches>();

  constructor(db: DataSource) {
    this.#db = db;
  }

  /** The page of one parent. @throws {BadInput} on a size or a cursor that is none */
  async load<T>(list: NestedList<T>, parentId: string, request: PageRequest): Promise<Page<T>> {
    sizeOf(request);
    const key = JSON.stringify([list.name, list.filter ?? null, request]);
    const batches = this.#lists.get(key) ?? this.#batches(list, request);
    this.#lists.set(key, batches);
    return (await batches.pages.load(parentId)) as Page<T>;
  }

  #batches<T>(list: NestedList<T>, request: PageRequest): Batches {
    const counts = new DataLoader((parents: readonly string[]) => this.#count(list, parents));
    const pages = new DataLoader(async (parents: readonly string[]): Promise<Page<unknown>[]> => {
      const edges = await this.#read(list, request, parents);
      return parents.map((id) => toPage(request, edges.get(id)!, () => counts.load(id)));
    });
    return { pages, counts };
  }

  async #read<T>(list: NestedList<T>, request: PageRequest, parents: readonly string[]) {
    const { sql, parameters } = list.page(request);
    const rows: (Row & { parent: string })[] = await refusingCursors(request, () =>
      this.#db.query(`select p.id as parent, r.* from ${parentsAt(parameters)} cross join lateral (${sql}) r`, [
        ...parameters,
        parents,
      ]),
    );
    const byParent = new Map<string, Edge<T>[]>(parents.map((id) => [id, []]));
    for (const row of rows) byParent.get(row.parent)!.push(list.toEdge(row));
    if (sizeOf(request).backwards) for (const edges of byParent.values()) edges.reverse();
    return byParent;
  }

  async #count<T>(list: NestedList<T>, parents: readonly string[]): Promise<(number | null)[]> {
    const { sql, parameters } = list.all();
    const rows: { parent: string; n: number }[] = await this.#db.query(
      `select p.id as parent, (select count(*)::int from (${sql} limit ${COUNT_LIMIT}) counted) as n
       from ${parentsAt(parameters)}`,
      [...parameters, parents],
    );
    const byParent = new Map(rows.map(({ parent, n }) => [parent, n]));
    return parents.map((id) => exactUpToMax(byParent.get(id)!));
  }
}

function parentsAt(parameters: readonly unknown[]): string {
  return `unnest($${parameters.length + 1}::uuid[]) as p(id)`;
}
