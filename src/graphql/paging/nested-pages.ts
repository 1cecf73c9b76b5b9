import DataLoader from "dataloader";
import type { DataSource } from "typeorm";
import { readBounded } from "../limits/bounded-read.js";
import type { Budget } from "../limits/budget.js";
import {
  COUNT_LIMIT,
  exactUpToMax,
  refusingCursors,
  sizeOf,
  toPage,
  type Edge,
  type Page,
  type PageRequest,
} from "./page.js";
import type { PagedList, Row } from "./paged-list.js";

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
  readonly #budget: Budget;
  readonly #lists = new Map<string, Batches>();

  constructor(db: DataSource, budget: Budget) {
    this.#db = db;
    this.#budget = budget;
  }

  /** The page of one parent. @throws {BadInput} on a size or a cursor that is none */
  async load<T>(list: PagedList<T>, parentId: string, request: PageRequest): Promise<Page<T>> {
    sizeOf(request);
    const key = JSON.stringify([list.name, list.filter ?? null, request]);
    const batches = this.#lists.get(key) ?? this.#batches(list, request);
    this.#lists.set(key, batches);
    return (await batches.pages.load(parentId)) as Page<T>;
  }

  #batches<T>(list: PagedList<T>, request: PageRequest): Batches {
    const counts = new DataLoader((parents: readonly string[]) => this.#count(list, parents));
    const pages = new DataLoader(async (parents: readonly string[]): Promise<Page<unknown>[]> => {
      const edges = await this.#read(list, request, parents);
      return parents.map((id) => toPage(request, edges.get(id)!, () => counts.load(id)));
    });
    return { pages, counts };
  }

  async #read<T>(list: PagedList<T>, request: PageRequest, parents: readonly string[]) {
    const { sql, parameters } = list.page(request);
    const rows: (Row & { parent: string })[] = await refusingCursors(request, () =>
      readBounded(
        this.#db,
        this.#budget,
        `select p.id as parent, l.* from ${parentsAt(parameters)} cross join lateral (${sql}) l`,
        [...parameters, parents],
      ),
    );
    const byParent = new Map<string, Edge<T>[]>(parents.map((id) => [id, []]));
    for (const row of rows) byParent.get(row.parent)!.push(list.toEdge(row));
    if (sizeOf(request).backwards) for (const edges of byParent.values()) edges.reverse();
    return byParent;
  }

  async #count<T>(list: PagedList<T>, parents: readonly string[]): Promise<(number | null)[]> {
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
