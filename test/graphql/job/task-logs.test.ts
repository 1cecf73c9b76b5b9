import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { createClient } from "graphql-ws";
import WebSocket from "ws";
import { definePipeline, type DocumentContext } from "../../../src/index.js";
import { createTestApi, type TestApi } from "../../support/api.js";
import { keyBy } from "../../support/keys.js";
import { statementsMeanwhile } from "../../support/statements.js";
import { until } from "../../support/until.js";

const LOGS = `query ($id: ID!, $first: Int, $after: String, $minLevel: LogLevel) { task(id: $id) {
  logs(first: $first, after: $after, minLevel: $minLevel) {
    droppedCount pageInfo { hasNextPage endCursor } nodes { at level stage attempt message fields } } } }`;
const OUTPUTS =
  "query ($id: ID!) { task(id: $id) { stages { stage outcome output { sizeBytes value preview signedUrl { url } } } } }";

let go: () => void = () => undefined;
const talking = definePipeline({
  name: "talking",
  version: 1,
  documentStages: [
    {
      name: "say",
      maxAttempts: 2,
      backoff: { kind: "fixed", delayMs: 0 },
      run: async (ctx: DocumentContext) => {
        ctx.logger.debug({}, "looking");
        ctx.logger.info({ pages: 3, password: "abcdef" }, "read");
        if (ctx.attempt === 1) throw new Error("once more");
        ctx.logger.error({ error: new TypeError("odd") }, "went on\u0000");
        return { said: "small" };
      },
    },
    { name: "grow", run: async () => ({ text: "x".repeat(70_000) }) },
  ],
});
const chatty = definePipeline({
  name: "chatty",
  version: 1,
  documentStages: [
    {
      name: "say",
      run: async (ctx: DocumentContext) => {
        for (let line = 1; line <= 800; line += 1) ctx.logger.info({ line }, `line ${line}`);
        const kept = "select from headway.task_log where task_id = $1";
        await until("these are kept", async () => (await api.rig.db.query(kept, [ctx.task.id])).length > 0);
        for (let line = 801; line <= 1_500; line += 1) ctx.logger.info({ line }, `line ${line}`);
        return null;
      },
    },
  ],
});
const slow = definePipeline({
  name: "slow",
  version: 1,
  documentStages: [
    {
      name: "wait",
      run: async (ctx: DocumentContext) => {
        ctx.logger.warn({}, "waiting");
        await new Promise<void>((resolve) => (go = resolve));
        ctx.logger.info({}, "done");
        return null;
      },
    },
  ],
});

let api: TestApi;
beforeAll(async () => {
  api = await createTestApi([talking, chatty, slow]);
  await api.rig.startWorker();
});
afterAll(() => api.close());

async function taskOf(jobId: string): Promise<string> {
  const rows: { id: string }[] = await api.rig.db.query("select id from headway.task where job_id = $1", [jobId]);
  return rows[0]!.id;
}
async function ask(query: string, variables: Record<string, unknown>, as?: string): Promise<any> {
  const { data, errors } = await api.send(query, variables, as);
  expect(errors).toEqual([]);
  return data!.task;
}

test("a task's log has what its stages said, of every try, in order, with levels, fields and pages; operators read it, others and browsers do not", async () => {
  const collectionId = await api.rig.collection(1);
  const jobId = await api.rig.submit("talking", 1, { collectionId });
  expect(await api.rig.settled(jobId)).toBe("COMPLETED");
  const id = await taskOf(jobId);
  const { logs } = await ask(LOGS, { id });
  const line = { stage: "say", at: expect.any(String) };
  const read = { ...line, level: "INFO", message: "read", fields: { pages: 3, password: "[hidden]" } };
  expect(logs).toEqual({
    droppedCount: 0,
    pageInfo: { hasNextPage: false, endCursor: expect.any(String) },
    nodes: [
      { ...line, level: "DEBUG", attempt: 1, message: "looking", fields: null },
      { ...read, attempt: 1 },
      { ...line, level: "DEBUG", attempt: 2, message: "looking", fields: null },
      { ...read, attempt: 2 },
      {
        ...line,
        level: "ERROR",
        attempt: 2,
        message: "went on\uFFFD",
        fields: { error: expect.objectContaining({ type: "TypeError", message: "odd" }) },
      },
    ],
  });
  const first = (await ask(LOGS, { id, first: 1, minLevel: "INFO" })).logs;
  expect(first.nodes).toEqual([{ ...read, attempt: 1 }]);
  const second = (await ask(LOGS, { id, first: 5, minLevel: "INFO", after: first.pageInfo.endCursor })).logs;
  expect(second.nodes.map(({ attempt }: { attempt: number }) => attempt)).toEqual([2, 2]);
  const wrong = await api.send(LOGS, { id, after: "nonsense" });
  expect(wrong.errors).toMatchObject([{ message: expect.stringContaining('"nonsense" is not a cursor of a log') }]);

  const { db } = api.rig;
  const scope = { collectionId, jobId: null };
  expect((await ask(LOGS, { id }, await keyBy(db, { role: "OPERATOR" }))).logs.nodes).toHaveLength(5);
  for (const key of [
    await keyBy(db, { role: "VIEWER" }),
    await keyBy(db, { role: "VIEWER", scope }),
    await keyBy(db, { role: "ADMIN", scope }),
  ]) {
    const refused = await api.send(LOGS, { id }, key);
    expect(refused.errors.map(({ extensions: { code } }) => code)).toEqual(["FORBIDDEN"]);
    const { stages } = await ask(OUTPUTS, { id }, key);
    expect(stages.map(({ output }: { output: unknown }) => output)).toEqual([null, null, null]);
  }

  const { stages } = await ask(OUTPUTS, { id });
  const small = '{"said": "small"}';
  expect(stages).toMatchObject([
    { stage: "say", outcome: "FAILED", output: null },
    {
      stage: "say",
      outcome: "COMPLETED",
      output: { value: { said: "small" }, preview: small, sizeBytes: small.length },
    },
    { stage: "grow", outcome: "COMPLETED", output: { value: null, sizeBytes: 70_012 } },
  ]);
  const [, , { output: large }] = stages;
  expect(large.preview).toHaveLength(500);
  const whole = await fetch(large.signedUrl.url);
  expect(await whole.json()).toEqual({ text: "x".repeat(70_000) });
  const [path] = large.signedUrl.url.split("?");
  for (const [key, status] of [
    [await keyBy(db, { role: "OPERATOR" }), 200],
    [await keyBy(db, { role: "VIEWER" }), 404],
    [await keyBy(db, { role: "OPERATOR", scope }), 404],
  ] as const) {
    expect((await fetch(path, { headers: { authorization: `Bearer ${key}` } })).status).toBe(status);
  }

  await api.send("mutation ($id: ID!) { deleteCollection(input: { collectionId: $id }) { userErrors { message } } }", {
    id: collectionId,
  });
  const sweeping = api.rig.startReconciler();
  await until("it has been emptied", async () => {
    const [{ done }] = await db.query("select emptied_at is not null as done from headway.collection where id = $1", [
      collectionId,
    ]);
    return done;
  });
  await sweeping.stop();
  expect((await ask(LOGS, { id })).logs).toMatchObject({ droppedCount: 0, nodes: [] });
  expect((await fetch(large.signedUrl.url)).status).toBe(404);
});

test("of 1,500 lines the newest 1,000 are kept and the others counted; they travel with the flush, and no line has a statement of its own", async () => {
  let jobId = "";
  const sent = await statementsMeanwhile(async () => {
    jobId = await api.rig.submit("chatty", 1);
    expect(await api.rig.settled(jobId)).toBe("COMPLETED");
  });
  expect(sent.filter((sql) => sql.includes("keep_logs")).length).toBeLessThanOrEqual(4);
  expect(sent.filter((sql) => sql.includes("record_changes") && sql.includes("keep_logs"))).not.toEqual([]);
  const id = await taskOf(jobId);
  const { logs } = await ask(LOGS, { id, first: 1 });
  expect(logs).toMatchObject({ droppedCount: 500, nodes: [{ message: "line 501", fields: { line: 501 } }] });
  const [{ n }] = await api.rig.db.query("select count(*)::int as n from headway.task_log where task_id = $1", [id]);
  expect(n).toBe(1_000);
});

test("taskLogs tells what is there, then each line while the stage still runs, and ends with the task", async () => {
  const jobId = await api.rig.submit("slow", 1);
  const id = await taskOf(jobId);
  const socket = (key: string) =>
    createClient({
      url: `${api.url.replace("http", "ws")}/graphql`,
      webSocketImpl: WebSocket,
      lazyCloseTimeout: 1_000,
      connectionParams: { authorization: `Bearer ${key}` },
    });
  const query = "subscription ($id: ID!) { taskLogs(taskId: $id) { level message } }";
  const client = socket(api.key);
  const lines: string[] = [];
  for await (const { data } of client.iterate<any>({ query, variables: { id } })) {
    lines.push(data.taskLogs.message);
    if (lines.length === 1) go();
  }
  await client.dispose();
  expect(lines).toEqual(["waiting", "done"]);
  expect(await api.rig.settled(jobId)).toBe("COMPLETED");

  const viewer = socket(await keyBy(api.rig.db, { role: "VIEWER" }));
  const refused = await viewer.iterate<any>({ query, variables: { id } }).next();
  expect(refused.value.errors[0].extensions.code).toBe("FORBIDDEN");
  await viewer.dispose();
});
