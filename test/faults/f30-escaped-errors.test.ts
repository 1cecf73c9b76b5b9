import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import type { ApiClient } from "../../src/cli/client.js";
import type { HeadwayProcess } from "../support/processes.js";
import { until } from "../support/until.js";
import { createFaultRig, hasExited, note, type FaultRig } from "./rig.js";

let rig: FaultRig;
let api: ApiClient;
let headway: HeadwayProcess;
beforeAll(async () => {
  rig = await createFaultRig();
  headway = await rig.start({ HEADWAY_CONCURRENCY: "20" });
  api = rig.client(headway);
});
afterAll(() => rig.close());

/** How they escape, and what the error then says. */
const ESCAPES = {
  "a promise that nobody awaits": /^nobody waits for me \(.*await every promise/,
  "a throw in a timer": /^thrown in a timer \(.*await every promise/,
  "process.exit": /^process\.exit\(7\) was called/,
  "process.exit in a timer": /^process\.exit\(7\) was called/,
  "an error event without a listener": /^an event \(/,
  "a stack overflow": /^Maximum call stack size exceeded/,
  "a stack overflow in a timer": /^Maximum call stack size exceeded/,
};
type Way = keyof typeof ESCAPES;

async function submitTexts(pipeline: string, texts: readonly string[]): Promise<string> {
  const { collection } = await api.mutate<{ collection: { id: string }; userErrors: [] }>(
    "mutation ($name: String!) { createCollection(input: { name: $name }) { collection { id } userErrors { code message } } }",
    { name: `${pipeline} ${Math.random()}` },
  );
  await api.mutate(
    `mutation ($input: AddDocumentsInput!) { addDocuments(input: $input) { documents { id } userErrors { code message } } }`,
    { input: { collectionId: collection.id, documents: texts.map((text) => ({ name: text, text })) } },
  );
  const { job } = await api.mutate<{ job: { id: string }; userErrors: [] }>(
    `mutation ($input: SubmitJobInput!) { submitJob(input: $input) { job { id } userErrors { code message } } }`,
    { input: { collectionId: collection.id, pipeline } },
  );
  return job.id;
}

interface Ended {
  readonly documentName: string;
  readonly status: string;
  readonly crashes: number;
  readonly error: {
    readonly code: string;
    readonly message: string;
    readonly stage: string;
    readonly stack: string;
  } | null;
}

async function endedOf(job: string): Promise<Ended[]> {
  const answer = await api.query<{ job: { tasks: { nodes: Ended[] } } }>(
    "query ($id: ID!) { job(id: $id) { tasks { nodes { documentName status crashes error { code message stage stack } } } } }",
    { id: job },
  );
  return answer.job.tasks.nodes.filter(({ documentName }) => documentName !== null);
}

describe("F30: an error escapes from a handler", () => {
  test("that task fails with its stack and what to do; its neighbours complete without a crash; the process is replaced, and the API stays up", async () => {
    const pids = async (): Promise<number[]> =>
      (await api.query<{ workers: { pid: number; status: string }[] }>("{ workers { pid status } }")).workers
        .filter(({ status }) => status === "RUNNING")
        .map(({ pid }) => pid);
    const before = await pids();
    expect(before).toHaveLength(1);
    const neighbour = await rig.submit(api, 3, { options: { holdMs: 1_000 } });
    await until("the neighbours run", async () => {
      const { rows } = await rig.db.query("select 1 from headway.task where job_id = $1 and status = 'RUNNING'", [
        neighbour,
      ]);
      return rows.length === 3;
    });
    const job = await submitTexts("escape", [...Object.keys(ESCAPES), "no error"]);
    await rig.settled([job, neighbour]);
    const ended = await endedOf(job);
    for (const { documentName, status, crashes, error } of ended) {
      if (documentName === "no error") {
        expect([status, crashes, error]).toEqual(["COMPLETED", 0, null]);
        continue;
      }
      expect([documentName, status, crashes, error?.code, error?.stage]).toEqual([
        documentName,
        "FAILED",
        0,
        "HANDLER_ERROR",
        "leak",
      ]);
      expect(error!.message).toMatch(ESCAPES[documentName as Way]);
      expect(error!.stack).toMatch(/escape\.(ts|js)/);
    }
    expect(ended).toHaveLength(Object.keys(ESCAPES).length + 1);
    expect((await endedOf(neighbour)).map(({ status, crashes }) => [status, crashes])).toEqual(
      Array.from({ length: 3 }, () => ["COMPLETED", 0]),
    );
    // What the handlers have left behind in that process nobody knows.
    await until("another process has taken its place", async () => {
      const after = await pids();
      return after.length === 1 && after[0] !== before[0];
    });
    expect(headway.output()).toContain("a worker's process is replaced: an error has escaped from a handler");
    expect(hasExited(headway)).toBe(false);
    expect((await fetch(`${headway.url}/healthz`)).status).toBe(200);
    await rig.account({
      fault: "F30",
      what: "errors that escape, beside three healthy tasks",
      times: ended.length - 1,
    });
    note({ fault: "F30", what: "their own job", times: 1, looks: rig.looks, jobs: 1 });
  });

  test("the log says which pipeline, stage, task, document and attempt it was, with the stack", async () => {
    const job = await submitTexts("escape", ["a throw in a timer", "a stack overflow"]);
    await rig.settled([job]);
    const { rows } = await rig.db.query(
      "select id, document_name as name from headway.task where job_id = $1 and kind = 'DOCUMENT'",
      [job],
    );
    const lines = headway
      .output()
      .split("\n")
      .filter((line) => line.startsWith("{"))
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    for (const { name } of rows as { id: string; name: string }[]) {
      const said = lines.find((line) => line.document === name && line.msg === "a stage failed");
      expect(said).toMatchObject({ pipeline: "escape", stage: "leak", attempt: 1, task: expect.any(String) });
      expect(said!.stack).toMatch(/escape\.(ts|js)/);
    }
  });

  test("from an isolated stage: it fails by the error, and is no crash", async () => {
    const texts = ["a promise that nobody awaits", "a throw in a timer", "an error event without a listener"] as const;
    const job = await submitTexts("escape-isolated", texts);
    await rig.settled([job]);
    for (const { documentName, status, crashes, error } of await endedOf(job)) {
      expect([documentName, status, crashes, error?.code]).toEqual([documentName, "FAILED", 0, "HANDLER_ERROR"]);
      expect(error!.message).toMatch(ESCAPES[documentName as Way]);
      expect(error!.stack).toMatch(/escape\.(ts|js)/);
    }
  });
});
