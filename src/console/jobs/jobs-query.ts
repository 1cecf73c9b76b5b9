import type { JobFilter, JobOrder, JobsQueryVariables } from "../generated/operations.js";
import { beginOf, endOf } from "../parts/days.js";
import type { JobsSearch } from "../shell/search.js";

export const PAGE_SIZE = 50;

/** The filter that an address stands for. Days begin and end in the reader's time zone. */
export function filterOf(search: JobsSearch): JobFilter {
  const { status, pipeline, tag, collection, from, to, stuck } = search;
  const filter: JobFilter = {};
  if (status) filter.status = [...status];
  if (pipeline) filter.pipeline = [...pipeline];
  if (tag) filter.tags = [...tag];
  if (collection) filter.collectionId = collection;
  if (from) filter.createdAfter = beginOf(from);
  if (to) filter.createdBefore = endOf(to);
  if (stuck) filter.stuck = true;
  return filter;
}

export function isFiltered(search: JobsSearch): boolean {
  return Object.keys(filterOf(search)).length > 0;
}

/** Null: newest first, as the server lists them by itself. */
export function orderOf({ order, direction }: JobsSearch): JobOrder | null {
  if (!order && !direction) return null;
  return { field: order ?? "CREATED_AT", direction: direction ?? "DESC" };
}

/** The page that an address stands for. Its cursors hold the place, however many jobs come in before it. */
export function pageOf(search: JobsSearch): JobsQueryVariables {
  const { after, before } = search;
  const filter = filterOf(search);
  const orderBy = orderOf(search);
  return before
    ? { filter, orderBy, last: PAGE_SIZE, before }
    : { filter, orderBy, first: PAGE_SIZE, after: after ?? null };
}
