import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { ApiClient } from "../../src/cli/client.js";
import { randomOf } from "../graphql/query-generator.js";
import { collectionOf, progressOf, submit } from "../scenarios/main-job.js";
import { startHeadway } from "../support/processes.js";
import { until } from "../support/until.js";
import { isIdle } from "./idle.js";
import { mutants } from "./mutations.js";

const CASES = Number(process.env.HEADWAY_TEST_MUTANTS ?? "300");
const SEED = Number(process.env.HEADWAY_TEST_SEED ?? "20261125");
/** What may be said of a broken file; a crash, a time-out or an error of a handler is not among it. */
const VERDICTS = new Set([
  "EMPTY_DOCUMENT",
  "ENCRYPTED_DOCUMENT",
  "MALFORMED_DOCUMENT",
  "NO_TEXT",
  "RESOURCE_LIMIT",
  "TOO_LARGE",
  "UNSUPPORTED_TYPE",
]);
const BATCH = 1_000;

interface Outcome {
  readonly documentName: string;
  readonly status: string;
  readonly crashes: number;
  readonly attempt: number;
  readonly error: { readonly code: string; readonly stage: string; readonly message: string } | null;
  readonly warnings: readonly object[];
}

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "headway-mutants-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test(`${CASES} truncated, flipped, spliced and renamed files, from seed ${SEED}, end with text or a verdict, and no worker is lost`, async () => {
  const files = mutants(randomOf(SEED), CASES);
  await mkdir(path.join(folder, "files"));
  for (const { name, bytes } of files) await writeFile(path.join(folder, "files", name), bytes);
  const headway = await startHeadway({
    HEADWAY_DATA_DIR: path.join(folder, "data"),
    HEADWAY_FILE_ROOTS: path.join(folder, "files"),
  });
  const api = new ApiClient(headway.url, headway.key);
  try {
    const outcomes: Outcome[] = [];
    for (let start = 0; start < files.length; start += BATCH) {
      const documents = files.slice(start, start + BATCH).map(({ name }) => ({
        name,
        uri: pathToFileURL(path.join(folder, "files", name)).href,
      }));
      const collectionId = await collectionOf(api, `mutants from ${start}`, documents);
      const jobId = await submit(api, collectionId, "documents", { options: { graph: false } });
      await progressOf(api, jobId);
      outcomes.push(...(await outcomesOf(api, jobId)));
    }
    process.stderr.write(`mutants: seed ${SEED}, ${JSON.stringify(counted(outcomes))}\n`);
    expect(outcomes).toHaveLength(CASES);
    expect(outcomes.filter((one) => !isVerdict(one))).toEqual([]);
    const { doctor } = await api.query<{ doctor: unknown[] }>("{ doctor { invariant detail } }");
    expect(doctor).toEqual([]);
    await until("the one worker is alive and has nothing more to do", () => isIdle(api));
  } finally {
    await api.close();
    await headway.stop();
  }
}, 3_600_000);

/** First time round, too: a file that ends a child process is tried again, and that is a crash. */
function isVerdict({ status, error, crashes, attempt }: Outcome): boolean {
  if (crashes > 0 || attempt > 1) return false;
  if (status === "COMPLETED") return error === null;
  return status === "FAILED" && VERDICTS.has(error!.code) && error!.message.length > 20;
}

function counted(outcomes: readonly Outcome[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { status, error, warnings } of outcomes) {
    const said = warnings.length > 0 ? `${status} with a warning` : status;
    const outcome = error ? `${status} ${error.code} at ${error.stage}` : said;
    counts[outcome] = (counts[outcome] ?? 0) + 1;
  }
  return counts;
}

async function outcomesOf(api: ApiClient, jobId: string): Promise<Outcome[]> {
  const found: Outcome[] = [];
  for (let after: string | null = null; ;) {
    const { job }: { job: { tasks: { nodes: Outcome[]; pageInfo: { hasNextPage: boolean; endCursor: string } } } } =
      await api.query(
        `query ($id: ID!, $after: String) { job(id: $id) { tasks(first: 100, after: $after) {
           nodes { documentName status crashes attempt error { code stage message } warnings { code } } pageInfo { hasNextPage endCursor } } } }`,
        { id: jobId, after },
      );
    found.push(...job.tasks.nodes.filter(({ documentName }) => documentName !== null));
    if (!job.tasks.pageInfo.hasNextPage) return found;
    after = job.tasks.pageInfo.endCursor;
  }
}
