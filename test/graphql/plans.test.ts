import { isMoreToCome, lostFeeds, readFeeds } from "../../src/engine/stream/feed.js";
import { createTestApi, type TestApi } from "../support/api.js";
import { PROJECT } from "../support/engine.js";
import { fill } from "../support/fill.js";
import { nodesOf, tablesScanned } from "../support/plans.js";
import { sentIn } from "../support/statements.js";

/*
 * Every list over a database in which a scan would be felt: 4,000 jobs, 40,000 tasks, 80,000 changes (at 20,000 jobs the
 * plans are the same, and the filling takes a minute). What is looked at is the plan: none may read one of the large
 * tables from end to end.
 */
const JOBS = 4_000;
const TASKS_A_JOB = 10;

const CHANGED = "gen_random_uuid(), 'USER', 'filler', 'SUBMITTED'";
const id = (kind: number, n: string): string =>
  `(lpad(to_hex(${kind}), 8, '0') || '-0000-7000-8000-' || lpad(to_hex(${n}), 12, '0'))::uuid`;
const at = (n: string): string => `timestamptz '2026-01-01' + make_interval(secs => ${n})`;

const STAGES = { version: 1, stages: { a: 3, b: 3 } };
const SERVES = JSON.stringify({ common: STAGES, rare: STAGES });

const ROWS = [
  `insert into headway.collection (id, project_id, name, status, metadata, created_at, status_changed_at, change_id, changed_by_type, changed_by, change_reason)
   select ${id(1, "n")}, '${PROJECT}', 'collection ' || n, (array['COMPLETED', 'FAILED', 'PROCESSING', 'CREATED'])[1 + n % 4],
     jsonb_build_object('n', n), ${at("n")}, ${at("n")}, ${CHANGED} from generate_series(1, ${JOBS / 4}) n`,
  // One in a thousand has failed, one in fifty is open, and of these most are of the pipeline "common".
  `insert into headway.job (id, project_id, collection_id, pipeline, pipeline_version, document_stages, collection_stages, tags, priority,
     status, total, created_at, status_changed_at, finished_at, change_id, changed_by_type, changed_by, change_reason)
   select ${id(2, "n")}, '${PROJECT}', ${id(1, `1 + n % ${JOBS / 4}`)}, case when n % 500 = 0 then 'rare' else 'common' end, 1, '{a,b}', '{}',
     array['t' || n % 1000], n % 5, s.status, ${TASKS_A_JOB}, ${at("n")}, ${at("n * 2")},
     case when s.status in ('COMPLETED', 'FAILED') then ${at("n * 2")} end, ${CHANGED}
   from generate_series(1, ${JOBS}) n cross join lateral (
     -- One collection has at most one open job: the last quarter's jobs are the only ones of theirs that may be open.
     select case when n % 1000 = 0 then 'FAILED' when n > ${(JOBS / 4) * 3} and n % 13 = 0 then 'PROCESSING' else 'COMPLETED' end as status) s`,
  `insert into headway.task (id, project_id, collection_id, job_id, kind, document_name, ordinal, pipeline, status, stage, worker_id,
     lease_expires_at, run_at, finished_at, error_code, created_at, status_changed_at, change_id, changed_by_type, changed_by, change_reason)
   select ${id(3, `n * 16 + t`)}, '${PROJECT}', ${id(1, `1 + n % ${JOBS / 4}`)}, ${id(2, "n")}, 'DOCUMENT', 'd' || t, t,
     j.pipeline, s.status, case when s.status in ('QUEUED', 'RUNNING', 'FAILED') then (array['a', 'b'])[1 + t % 2] end,
     case when s.status = 'RUNNING' then ${id(4, "1 + n % 8")} end, case when s.status = 'RUNNING' then now() + interval '1 hour' end,
     ${at("n")}, case when s.status in ('COMPLETED', 'FAILED') then ${at("n * 2")} end,
     case when s.status = 'FAILED' then 'HANDLER_ERROR' end, ${at("n")}, ${at("n * 2")}, ${CHANGED}
   from generate_series(1, ${JOBS}) n join headway.job j on j.id = ${id(2, "n")} cross join generate_series(1, ${TASKS_A_JOB}) t
   cross join lateral (select case j.status when 'COMPLETED' then 'COMPLETED' when 'FAILED' then 'FAILED'
     else case when t = 1 then 'RUNNING' else 'QUEUED' end end as status) s`,
  `insert into headway.status_change (project_id, entity_type, entity_id, collection_id, job_id, task_id, version, to_status, actor_type, actor, reason, change_id, at)
   select project_id, 'TASK', id, collection_id, job_id, id, v, case v when 1 then 'QUEUED' else status end, 'USER', 'filler',
     case v when 1 then 'SUBMITTED' else 'COMPLETED' end, gen_random_uuid(), status_changed_at
   from headway.task cross join generate_series(1, 2) v
   union all
   select project_id, 'JOB', id, collection_id, id, null, 1, status, 'USER', 'filler', 'SUBMITTED', gen_random_uuid(), created_at from headway.job
   union all
   select project_id, 'COLLECTION', id, id, null, null, 1, status, 'USER', 'filler', 'SUBMITTED', gen_random_uuid(), created_at from headway.collection`,
  `insert into headway.worker (id, project_id, hostname, pid, build, pipelines, concurrency, lease_ms, loop_iterations, serves)
   select ${id(4, "n")}, '${PROJECT}', 'host', n, '1', '{common,rare}', 8, 30000, 1, '${SERVES}' from generate_series(1, 8) n`,
  "analyze",
];

/** 40,000 documents and tasks of one job, of which nothing is analysed: so many that a sort would cost more than the index. */
const UNKNOWN_TO_THE_PLANNER = [
  ...["document", "task"].map((table) => `alter table headway.${table} set (autovacuum_enabled = false)`),
  `insert into headway.collection (id, project_id, name, status, created_at, status_changed_at, change_id, changed_by_type, changed_by, change_reason)
   values (${id(1, "1")}, '${PROJECT}', 'new', 'PROCESSING', now(), now(), ${CHANGED})`,
  `insert into headway.document (id, project_id, collection_id, name)
   select ${id(9, "n")}, '${PROJECT}', ${id(1, "1")}, 'd' || n from generate_series(1, 40000) n`,
  `insert into headway.job (id, project_id, collection_id, pipeline, pipeline_version, document_stages, collection_stages, tags,
     status, total, created_at, status_changed_at, change_id, changed_by_type, changed_by, change_reason)
   values (${id(2, "1")}, '${PROJECT}', ${id(1, "1")}, 'common', 1, '{a,b}', '{}', '{}', 'PROCESSING', 40000, now(), now(), ${CHANGED})`,
  `insert into headway.task (id, project_id, collection_id, job_id, kind, document_name, ordinal, pipeline, status, stage, run_at,
     created_at, status_changed_at, change_id, changed_by_type, changed_by, change_reason)
   select ${id(3, "n")}, '${PROJECT}', ${id(1, "1")}, ${id(2, "1")}, 'DOCUMENT', 'd' || n, n, 'common', 'QUEUED', 'a', now(), now(), now(), ${CHANGED}
   from generate_series(1, 40000) n`,
];

let api: TestApi;
beforeAll(async () => {
  api = await createTestApi([]);
  await fill(api.rig.url, ROWS);
});
afterAll(() => api.close());

const uuid = (kind: number, n: number): string =>
  `${kind.toString(16).padStart(8, "0")}-0000-7000-8000-${n.toString(16).padStart(12, "0")}`;
const PAGE = "first: 50";
const JOB = uuid(2, JOBS - 500);

const LISTS: readonly (readonly [string, string])[] = [
  ["tasks by job and status", `tasks(${PAGE}, filter: { jobId: "${JOB}", status: [FAILED] }) { nodes { id } }`],
  ["tasks by job and stage", `tasks(${PAGE}, filter: { jobId: "${JOB}", stage: ["a"] }) { nodes { id } }`],
  [
    "tasks by job and error code",
    `tasks(${PAGE}, filter: { jobId: "${JOB}", errorCode: ["HANDLER_ERROR"] }) { nodes { id } }`,
  ],
  [
    "open tasks by stage",
    `tasks(${PAGE}, filter: { status: [QUEUED, RUNNING, WAITING], stage: ["b"] }) { nodes { id } }`,
  ],
  ["open tasks by worker", `tasks(${PAGE}, filter: { workerId: "${uuid(4, 3)}" }) { nodes { id } }`],
  ["tasks of a document", `tasks(${PAGE}, filter: { documentId: "${uuid(9, 1)}" }) { nodes { id } }`],
  ["jobs by status", `jobs(${PAGE}, filter: { status: [FAILED] }) { nodes { id } totalCount }`],
  ["jobs by several statuses", `jobs(${PAGE}, filter: { status: [FAILED, CANCELLED] }) { nodes { id } }`],
  ["jobs by pipeline", `jobs(${PAGE}, filter: { pipeline: ["rare"] }) { nodes { id } }`],
  ["jobs by tag", `jobs(${PAGE}, filter: { tags: ["t7"] }) { nodes { id } }`],
  ["jobs by collection", `jobs(${PAGE}, filter: { collectionId: "${uuid(1, 77)}" }) { nodes { id } }`],
  [
    "jobs by created range",
    `jobs(${PAGE}, filter: { createdAfter: "2026-01-01T01:00:00Z", createdBefore: "2026-01-01T01:10:00Z" }) { nodes { id } }`,
  ],
  ["jobs by priority", `jobs(${PAGE}, orderBy: { field: PRIORITY, direction: DESC }) { nodes { id } }`],
  ["jobs by change", `jobs(last: 50, orderBy: { field: STATUS_CHANGED_AT, direction: DESC }) { nodes { id } }`],
  ["jobs that are stuck", `jobs(${PAGE}, filter: { stuck: true }) { nodes { id } }`],
  ["collections by status", `collections(${PAGE}, filter: { status: [CREATED] }) { nodes { id } }`],
  ["collections by metadata", `collections(${PAGE}, filter: { metadata: { n: 99 } }) { nodes { id } }`],
  ["the history of a job", `statusChanges(last: 50, filter: { jobId: "${JOB}" }) { nodes { id } totalCount }`],
  ["the history of the project", `statusChanges(first: 50) { nodes { id } }`],
  ["pipelines with their work", "pipelines { queued running stages { queued limits { inUse } } }"],
  ["collections that expire", `expiringCollections(${PAGE}) { nodes { id } }`],
  ["a stream's cursor", `streamCursor(jobId: "${JOB}")`],
  [
    "collections, jobs, tasks and history, nested",
    "collections(first: 10) { nodes { jobs(first: 5) { nodes { tasks(first: 5) { nodes { history(first: 5) { nodes { id } } } } } } } }",
  ],
  [
    "what is beside a job",
    `job(id: "${JOB}") { stage lastChange { id } waitingOn { code } canRetry { allowed } collection { canSubmit { allowed } warnings { code } } tasks(first: 5) { nodes { stages { stage } } } }`,
  ],
];

test.each(LISTS)("%s: no large table is read from end to end", async (_list, field) => {
  await readByIndex(async () => expect((await api.send(`{ ${field} }`)).errors).toEqual([]));
});

test("what streams read at each wake-up: no large table is read from end to end", async () => {
  const watched = { subscriptions: new Set<never>(), wakers: new Set<never>() };
  const feeds = [
    { ...watched, kind: "project", id: PROJECT, place: { tx: "1000000000", position: "0", change: null } },
    { ...watched, kind: "collection", id: uuid(1, 77), place: { position: "1000000000", change: "000000000000" } },
  ] as const;
  await readByIndex(async () => {
    expect(await readFeeds(api.rig.db, feeds, 500)).toEqual([]);
    expect(await isMoreToCome(api.rig.db, feeds)).toBe(false);
    expect(await lostFeeds(api.rig.db, feeds)).toEqual([feeds[1]]);
  });
});

test("the first page of what was just added is read in its order, and not sorted, before there are statistics", async () => {
  const fresh = await createTestApi([]);
  try {
    await fill(fresh.rig.url, UNKNOWN_TO_THE_PLANNER);
    const sent = await sentIn(async () => {
      const lists = [
        `collection(id: "${uuid(1, 1)}") { documents(first: 20) { nodes { id } } }`,
        `job(id: "${uuid(2, 1)}") { tasks(first: 20) { nodes { id } } }`,
        `tasks(first: 20, filter: { jobId: "${uuid(2, 1)}" }) { nodes { id } }`,
      ];
      for (const list of lists) expect((await fresh.send(`{ ${list} }`)).errors).toEqual([]);
    });
    const pages = sent.filter(({ sql }) => / LIMIT 21\b/.test(sql));
    expect(pages).toHaveLength(3);
    for (const { sql, values } of pages) {
      const [row] = await fresh.rig.db.query(`explain (format json) ${sql}`, [...values]);
      const sorts = nodesOf(row["QUERY PLAN"][0].Plan).filter((node) => node["Node Type"].endsWith("Sort"));
      expect(sorts.map(() => sql)).toEqual([]);
    }
  } finally {
    await fresh.close();
  }
});

async function readByIndex(work: () => Promise<void>): Promise<void> {
  const sent = await sentIn(work);
  const reads = sent.filter(({ sql }) => /^\s*(select|with)/i.test(sql));
  expect(reads.length).toBeGreaterThan(0);
  for (const { sql, values } of reads) {
    const [row] = await api.rig.db.query(`explain (format json) ${sql}`, [...values]);
    expect(tablesScanned(row["QUERY PLAN"][0].Plan).map((table) => `${table} in ${sql}`)).toEqual([]);
  }
}
