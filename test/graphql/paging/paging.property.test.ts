import fc from "fast-check";
import { createTestApi, type TestApi } from "../../support/api.js";
import { PROJECT } from "../../support/engine.js";
import { fill } from "../../support/fill.js";

/*
 * Paging as a property: whatever the rows, the filter, the order and the sizes of the pages, a walk forwards gives each
 * row once and in order, a walk backwards gives the same reversed, and rows that come in meanwhile put nothing out of
 * place.
 */
let api: TestApi;
beforeAll(async () => {
  api = await createTestApi([]);
  await api.rig.collection(0);
});
afterAll(() => api.close());

interface Row {
  /** Many rows share a second, so that the id has to decide. */
  readonly second: number;
  readonly priority: number;
  readonly status: "COMPLETED" | "FAILED" | "CANCELLED";
  readonly tags: readonly string[];
}

const Rows = fc.array(
  fc.record({
    second: fc.integer({ min: 0, max: 4 }),
    priority: fc.integer({ min: -1, max: 1 }),
    status: fc.constantFrom("COMPLETED" as const, "FAILED" as const, "CANCELLED" as const),
    tags: fc.uniqueArray(fc.constantFrom("x", "y"), { maxLength: 2 }),
  }),
  { maxLength: 30 },
);
const Filter = fc.record(
  {
    status: fc.uniqueArray(fc.constantFrom("COMPLETED", "FAILED", "CANCELLED"), { minLength: 1 }),
    tags: fc.uniqueArray(fc.constantFrom("x", "y"), { minLength: 1 }),
    createdAfter: fc.integer({ min: 0, max: 5 }).map(timeOf),
    createdBefore: fc.integer({ min: 0, max: 5 }).map(timeOf),
  },
  { requiredKeys: [] },
);
const Order = fc.record({
  field: fc.constantFrom("CREATED_AT", "STATUS_CHANGED_AT", "PRIORITY"),
  direction: fc.constantFrom("ASC", "DESC"),
});

function timeOf(second: number): string {
  return `2026-01-01T00:00:0${second}.000Z`;
}

/** Jobs of a collection of their own, past the guards: their times and statuses are what is wanted. */
async function insert(collectionId: string, rows: readonly Row[]): Promise<void> {
  const values = rows.map(
    ({ second, priority, status, tags }) =>
      `(gen_random_uuid(), '${PROJECT}', '${collectionId}', 'p', 1, '{}', '{}', '{${tags.join(",")}}', ${priority}, '${status}',
        timestamptz '${timeOf(second)}' + interval '123456 microseconds', '${timeOf(4 - second)}', now(), gen_random_uuid(), 'USER', 'filler', 'SUBMITTED')`,
  );
  if (values.length === 0) return;
  await fill(api.rig.url, [
    `insert into headway.job (id, project_id, collection_id, pipeline, pipeline_version, document_stages, collection_stages, tags, priority,
       status, created_at, status_changed_at, finished_at, change_id, changed_by_type, changed_by, change_reason)
     values ${values.join(", ")}`,
  ]);
}

const JOBS = `query ($first: Int, $after: String, $last: Int, $before: String, $filter: JobFilter, $order: JobOrder) {
  jobs(first: $first, after: $after, last: $last, before: $before, filter: $filter, orderBy: $order) {
    edges { cursor node { id } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } totalCount } }`;

/** Ids of all pages, forwards or backwards, of the sizes given in turn; `between` runs after each page. */
async function walk(
  variables: object,
  sizes: readonly number[],
  isForwards: boolean,
  between: (page: number) => Promise<void> = async () => undefined,
): Promise<string[]> {
  const ids: string[] = [];
  let cursor: string | null = null;
  for (let page = 0; ; page += 1) {
    const size = sizes[page % sizes.length]!;
    const window = isForwards ? { first: size, after: cursor } : { last: size, before: cursor };
    const { data, errors } = await api.send(JOBS, { ...variables, ...window });
    expect(errors).toEqual([]);
    const { edges, pageInfo } = data!.jobs as {
      edges: { cursor: string; node: { id: string } }[];
      pageInfo: { hasNextPage: boolean; hasPreviousPage: boolean; startCursor: string; endCursor: string };
    };
    expect(edges.length).toBeLessThanOrEqual(size);
    const found = edges.map(({ node }) => node.id);
    if (isForwards) ids.push(...found);
    else ids.unshift(...found);
    if (!(isForwards ? pageInfo.hasNextPage : pageInfo.hasPreviousPage)) return ids;
    cursor = isForwards ? pageInfo.endCursor : pageInfo.startCursor;
    await between(page);
  }
}

/** What the list must hold, by plain reading. */
async function expected(
  collectionId: string,
  filter: Record<string, any>,
  order: { field: string; direction: string },
) {
  const rows: { id: string }[] = await api.rig.db.query(
    `select id from headway.job where collection_id = $1 and ($2::text[] is null or status = any ($2)) and ($3::text[] is null or tags @> $3)
       and ($4::timestamptz is null or created_at >= $4) and ($5::timestamptz is null or created_at < $5)
     order by ${{ CREATED_AT: "created_at D, id D", STATUS_CHANGED_AT: "status_changed_at D, id D", PRIORITY: "priority D, created_at D, id D" }[order.field]!.replaceAll("D", order.direction)}`,
    [
      collectionId,
      filter.status ?? null,
      filter.tags ?? null,
      filter.createdAfter ?? null,
      filter.createdBefore ?? null,
    ],
  );
  return rows.map(({ id }) => id);
}

const Sizes = fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 3 });

test("pages of any size, filter and order, forwards and backwards, give each row once and in order", async () => {
  await fc.assert(
    fc.asyncProperty(Rows, Filter, Order, Sizes, async (rows, filter, order, sizes) => {
      const collectionId = await api.rig.collection(0);
      await insert(collectionId, rows);
      const variables = { filter: { ...filter, collectionId }, order };
      const all = await expected(collectionId, filter, order);
      expect(await walk(variables, sizes, true)).toEqual(all);
      expect(await walk(variables, sizes, false)).toEqual(all);
      const { data } = await api.send(JOBS, { ...variables, first: 0 });
      expect(data!.jobs.totalCount).toBe(all.length);
    }),
    { numRuns: 25 },
  );
});

test("rows that come in between two pages put nothing out of place", async () => {
  await fc.assert(
    fc.asyncProperty(Rows, Rows, Order, Sizes, async (rows, later, order, sizes) => {
      const collectionId = await api.rig.collection(0);
      await insert(collectionId, rows);
      const before = await expected(collectionId, {}, order);
      const seen = await walk({ filter: { collectionId }, order }, sizes, true, async (page) => {
        if (page === 0) await insert(collectionId, later);
      });
      expect(new Set(seen).size).toBe(seen.length);
      const known = new Set(before);
      expect(seen.filter((id) => known.has(id))).toEqual(before);
      // What came in is where its keys put it, or had its place behind the reader.
      const all = await expected(collectionId, {}, order);
      const places = seen.map((id) => all.indexOf(id));
      expect(places).toEqual([...places].sort((a, b) => a - b));
    }),
    { numRuns: 15 },
  );
});
