import type { JobOrderField, JobStatus, SortDirection, TaskStatus } from "../generated/operations.js";
import { MEANINGS } from "../generated/meanings.js";

/** Which jobs are listed, and how: all of it stands in the address. */
export interface JobsSearch {
  readonly status?: readonly JobStatus[];
  readonly pipeline?: readonly string[];
  readonly tag?: readonly string[];
  /** The id of a collection. */
  readonly collection?: string;
  /** Days, such as 2026-03-01, in the reader's time zone; both inclusive. */
  readonly from?: string;
  readonly to?: string;
  readonly stuck?: boolean;
  readonly order?: JobOrderField;
  readonly direction?: SortDirection;
  /** The page: what lies behind one cursor, or before another. */
  readonly after?: string;
  readonly before?: string;
  readonly columns?: readonly string[];
}

/** What of a job is shown, and which of its tasks. */
export interface JobSearch {
  readonly tab?: JobTab;
  readonly status?: readonly TaskStatus[];
  readonly stage?: readonly string[];
  readonly code?: readonly string[];
  /** The id of a document. */
  readonly document?: string;
}

export const JOB_TABS = ["tasks", "results", "history", "order"] as const;
export type JobTab = (typeof JOB_TABS)[number];

/** What Explore shows: a step, or an operation that a link brings along. */
export interface ExploreSearch {
  readonly step?: string;
  readonly query?: string;
  readonly variables?: string;
}

/** What stands in an address, as it was taken apart. */
export type Given = Readonly<Record<string, unknown>>;
const ORDERS: readonly JobOrderField[] = ["CREATED_AT", "STATUS_CHANGED_AT", "PRIORITY"];

/** Whatever stands in an address: what is no filter is left out. */
export function jobsSearch(given: Given): JobsSearch {
  return compact({
    status: wordsOf<JobStatus>("JobStatus", given.status),
    pipeline: textsIn(given.pipeline),
    tag: textsIn(given.tag),
    collection: textIn(given.collection),
    from: dayIn(given.from),
    to: dayIn(given.to),
    stuck: String(given.stuck) === "true" ? true : undefined,
    order: ORDERS.find((word) => word === given.order),
    direction: given.direction === "ASC" || given.direction === "DESC" ? given.direction : undefined,
    after: textIn(given.after),
    before: textIn(given.before),
    columns: textsIn(given.columns),
  });
}

export function jobSearch(given: Given): JobSearch {
  return compact({
    tab: JOB_TABS.find((word) => word === given.tab),
    status: wordsOf<TaskStatus>("TaskStatus", given.status),
    stage: textsIn(given.stage),
    code: textsIn(given.code),
    document: textIn(given.document),
  });
}

export function exploreSearch(given: Given): ExploreSearch {
  return compact({ step: textIn(given.step), query: textIn(given.query), variables: textIn(given.variables) });
}

/** Such as status=FAILED&status=CANCELLED: addresses that people can read and write. */
export function stringifySearch(search: Given): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(search)) {
    for (const one of Array.isArray(value) ? (value as unknown[]) : [value]) {
      if (one !== undefined && one !== null && one !== "")
        parameters.append(name, `${one as string | number | boolean}`);
    }
  }
  const text = parameters.toString();
  return text === "" ? "" : `?${text}`;
}

export function parseSearch(text: string): Record<string, unknown> {
  const parameters = new URLSearchParams(text);
  return Object.fromEntries(
    [...new Set(parameters.keys())].map((name) => {
      const all = parameters.getAll(name);
      return [name, all.length === 1 ? all[0] : all];
    }),
  );
}

export function compact<T extends object>(search: T): T {
  return Object.fromEntries(Object.entries(search).filter(([, value]) => value !== undefined)) as T;
}

export function textIn(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

export function textsIn(value: unknown): readonly string[] | undefined {
  const all = (Array.isArray(value) ? (value as unknown[]) : [value]).filter(
    (one): one is string => typeof one === "string" && one !== "",
  );
  return all.length > 0 ? all : undefined;
}

export function dayIn(value: unknown): string | undefined {
  const text = textIn(value);
  return text !== undefined && /^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(Date.parse(text)) ? text : undefined;
}

export function wordsOf<T extends string>(of: string, value: unknown): readonly T[] | undefined {
  const known = textsIn(value)?.filter((word): word is T => word in MEANINGS[of]!);
  return known && known.length > 0 ? known : undefined;
}

/** The first of them that is a word of the enum. */
export function wordIn<T extends string>(of: string, value: unknown): T | undefined {
  return wordsOf<T>(of, value)?.[0];
}
