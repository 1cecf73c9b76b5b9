import { randomBytes } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import pg from "pg";
import { ApiClient } from "../../src/cli/client.js";
import { createTestDatabase, type TestDatabase } from "../support/database.js";
import { startHeadway, type HeadwayProcess } from "../support/processes.js";
import { until } from "../support/until.js";

/** With letters that addresses and JSON write in other ways. */
const SECRET = `key/"${randomBytes(9).toString("base64url")}"+1`;
const OTHER = randomBytes(12).toString("hex");
const GIVEN = { GIVEN_SECRET: SECRET, OTHER_SECRET: OTHER };

const PIPELINE = `import { createHash } from "node:crypto";
import { pipeline } from "headway-api";

const shaOf = (text) => createHash("sha256").update(text).digest("hex");
async function tell(ctx) {
  const secret = ctx.secrets.GIVEN_SECRET;
  ctx.logger.warn({ url: "https://api.example.com/?key=" + encodeURIComponent(secret), headers: { Authorization: "Bearer abcdef" } }, "asked with " + secret);
  ctx.warn("ASKED", "asked with " + secret);
  ctx.progress(0.5, "asking with " + secret);
  ctx.setMetadata({ asked: [secret] });
  return { sha: shaOf(secret), names: Object.keys(ctx.secrets), environment: process.env.GIVEN_SECRET ?? null, said: "It is " + secret, [secret]: 1 };
}
export default pipeline({ name: "asks", version: 1 })
  .document("apart", { isolate: true, memoryLimitMiB: 64, secrets: ["GIVEN_SECRET"], run: tell })
  .document("bare", { isolate: true, memoryLimitMiB: 64, run: async (ctx) => ({ pid: process.pid, names: Object.keys(ctx.secrets) }) })
  .document("here", { secrets: ["GIVEN_SECRET"], run: tell })
  .document("fail", { secrets: ["GIVEN_SECRET"], maxAttempts: 1, run: async (ctx) => {
    throw new Error("401 for " + ctx.secrets.GIVEN_SECRET, { cause: new Error("because of " + (ctx.secrets.GIVEN_SECRET + " ").repeat(1000)) });
  } })
  .build();
`;

/** What one stage has begun fails while the next one runs, which has named nothing. */
const LATE = `import { pipeline } from "headway-api";

export default pipeline({ name: "late", version: 1 })
  .document("begin", { secrets: ["GIVEN_SECRET"], run: async (ctx) => {
    const secret = ctx.secrets.GIVEN_SECRET;
    setTimeout(() => void Promise.reject(new Error("401 for " + secret)), 50);
    return { said: "It is " + secret };
  } })
  .document("go-on", { maxAttempts: 1, run: async (ctx) => {
    const error = Object.assign(new Error("refused"), { config: { headers: { Authorization: "Bearer abcdef" } } });
    ctx.logger.error({ error, request: new Map(), sent: new (class Sent { token = "abcdef"; })() }, "was given: " + ctx.input.said);
    await new Promise((resolve) => ctx.signal.addEventListener("abort", resolve));
    return null;
  } })
  .build();
`;

let folder: string;
let database: TestDatabase;
let db: pg.Client;
let server: HeadwayProcess | null = null;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "headway-secrets-"));
  database = await createTestDatabase();
  db = new pg.Client({ connectionString: database.url });
  await db.connect();
  await writeFile(path.join(folder, "asks.mjs"), PIPELINE);
  await writeFile(path.join(folder, "late.mjs"), LATE);
});
afterAll(async () => {
  await server?.stop();
  await db.end();
  await database.drop();
  await rm(folder, { recursive: true, force: true });
});

test("a stage is given the secrets that it names and no others, by the pipe; their values are in nothing that leaves it", async () => {
  const settings = {
    DATABASE_URL: database.url,
    HEADWAY_PIPELINES: folder,
    HEADWAY_DATA_DIR: path.join(folder, "data"),
  };
  await expect(startHeadway({ ...settings, HEADWAY_WORKER_PROCESSES: "0" })).rejects.toThrow(
    'Secrets that stages ask for are not set: GIVEN_SECRET (stage "apart" of pipeline "asks"), GIVEN_SECRET (stage "here" of',
  );
  const refused = (await startHeadway(settings).catch((error: unknown) => error)) as Error;
  expect(refused.message).toContain("Secrets that stages ask for are not set");
  // Its worker had not begun, so that there was nothing to stop in order.
  expect(refused.message).not.toContain("did not stop");
  const started = await startHeadway({ ...settings, ...GIVEN });
  server = started;
  const client = new ApiClient(started.url, started.key);
  const { collection } = await client.mutate<any>(
    "mutation ($name: String!) { createCollection(input: { name: $name }) { collection { id } userErrors { code message } } }",
    { name: "asks" },
  );
  await client.mutate<any>(
    "mutation ($input: AddDocumentsInput!) { addDocuments(input: $input) { userErrors { code message } } }",
    { input: { collectionId: collection.id, documents: [{ name: "a", text: "a" }] } },
  );
  const submit = async (pipeline: string): Promise<string> => {
    const { job } = await client.mutate<any>(
      "mutation ($input: SubmitJobInput!) { submitJob(input: $input) { job { id } userErrors { code message } } }",
      { input: { collectionId: collection.id, pipeline } },
    );
    return job.id;
  };
  const rows = async (sql: string): Promise<any[]> => (await db.query(sql)).rows;
  const settled = async (jobId: string): Promise<string> => {
    await until("the job is settled", async () => {
      const found = await db.query("select from headway.job where id = $1 and finished_at is not null", [jobId]);
      return found.rowCount === 1;
    });
    return jobId;
  };
  const job = await settled(await submit("asks"));

  const sha = (await import("node:crypto")).createHash("sha256").update(SECRET).digest("hex");
  const told = { sha, names: ["GIVEN_SECRET"], said: "It is [hidden]", "[hidden]": 1 };
  const outputs = Object.fromEntries(
    (await rows("select stage, output from headway.stage_output")).map(({ stage, output }) => [stage, output]),
  );
  // What runs in the worker itself has its environment, as all of its code.
  expect(outputs).toMatchObject({ apart: { ...told, environment: null }, bare: { names: [] }, here: told });
  const taskOf = async (jobId: string): Promise<any> =>
    (await rows(`select * from headway.task where kind = 'DOCUMENT' and job_id = '${jobId}'`))[0];
  const task = await taskOf(job);
  expect(task.error_message).toBe("401 for [hidden]");
  expect(task.error_stack).toMatch(/^Error: 401 for \[hidden\][^]*caused by Error: because of \[hidden\]/);
  // Hidden first and cut then: the other way round a part of one would stand at its end.
  expect(task.error_stack).toHaveLength(8_000);
  expect(task.error_stack).not.toContain('key/"');
  const logged = await rows(`select message, fields from headway.task_log where task_id = '${task.id}' order by seq`);
  const hidden = { url: "https://api.example.com/?key=[hidden]", headers: { Authorization: "[hidden]" } };
  expect(logged).toEqual([1, 2].map(() => ({ message: "asked with [hidden]", fields: hidden })));
  expect(task.warnings).toEqual([expect.objectContaining({ message: "asked with [hidden]" })]);
  const late = await taskOf(await settled(await submit("late")));
  expect(late).toMatchObject({ status: "FAILED", error_stage: "go-on" });
  expect(late.error_message).toContain('401 for [hidden] (a promise that is not awaited was rejected of stage "begin"');

  // All that is kept, in whatever table, and all that was said.
  const tables = await rows(
    "select table_name as name from information_schema.tables where table_schema = 'headway' and table_type = 'BASE TABLE'",
  );
  const written = [SECRET, JSON.stringify(SECRET).slice(1, -1), encodeURIComponent(SECRET), OTHER];
  for (const { name } of tables) {
    const { rows: found } = await db.query(
      `select x::text from headway.${name} x where exists (select from unnest($1::text[]) s where strpos(x::text, s) > 0)`,
      [[...written, ...written.map((one) => one.replaceAll('"', '""').replaceAll("\\", "\\\\"))]],
    );
    expect([name, found]).toEqual([name, []]);
  }
  await started.stop();
  expect(started.output()).toContain("asked with [hidden]");
  expect(started.output()).toContain(
    '"url":"https://api.example.com/?key=[hidden]","headers":{"Authorization":"[hidden]"}',
  );
  expect(started.output()).toContain("was given: It is [hidden]");
  expect(started.output()).not.toContain("abcdef");
  expect(started.output()).toMatch(/"error":"401 for \[hidden\][^\n]*an error escaped from a handler/);
  for (const one of written) expect(started.output()).not.toContain(one);
});
