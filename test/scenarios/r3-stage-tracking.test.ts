import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import pg from "pg";
import { ApiClient } from "../../src/cli/client.js";
import { createTestDatabase, type TestDatabase } from "../support/database.js";
import { ROOT, startHeadway, type HeadwayProcess } from "../support/processes.js";
import { collectionOf, progressOf, submit } from "./main-job.js";

interface Change {
  readonly version: number;
  readonly toStatus: string;
  readonly fromStage: string | null;
  readonly toStage: string | null;
  readonly reason: string;
}
interface Task {
  readonly id: string;
  readonly status: string;
  readonly stage: string | null;
  readonly documentName: string;
  readonly error: { readonly code: string; readonly stage: string; readonly message: string } | null;
  readonly stages: readonly { readonly stage: string; readonly outcome: string }[];
  readonly history: { readonly nodes: readonly Change[] };
}

const FIXTURES = path.join(ROOT, "test", "fixtures");
const STAGES = ["download", "validate", "parse", "chunk", "embed", "store"];
const KINDS = ["documents/leases.odt", "documents/letter.png", "media/tone.mp3", "media/film.mp4"];

let database: TestDatabase;
let headway: HeadwayProcess;
let api: ApiClient;
let dataDir: string;
let sql: pg.Client;
const tasks = new Map<string, Task>();

beforeAll(async () => {
  database = await createTestDatabase();
  dataDir = await mkdtemp(path.join(tmpdir(), "headway-r3-"));
  headway = await startHeadway({
    DATABASE_URL: database.url,
    HEADWAY_DATA_DIR: dataDir,
    HEADWAY_FILE_ROOTS: FIXTURES,
    HEADWAY_POLL_MS: "200",
  });
  api = new ApiClient(headway.url, headway.key);
  sql = new pg.Client({ connectionString: database.url });
  await sql.connect();
  // The database refuses to record one stage of one document, as the old one did with a status it did not know.
  await sql.query(`create function headway.no_chunks_of() returns trigger language plpgsql as $$ begin
    if new.to_stage = 'chunk' and (select document_name from headway.task where id = new.task_id) = 'unrecordable.txt' then
      raise exception 'this row is not taken';
    end if;
    return new;
  end $$`);
  await sql.query(
    "create trigger no_chunks_of before insert on headway.status_change for each row execute function headway.no_chunks_of()",
  );
  const collectionId = await collectionOf(api, "of every kind", [
    ...KINDS.map((name) => ({ name, uri: pathToFileURL(path.join(FIXTURES, name)).href })),
    { name: "broken.pdf", base64: Buffer.from("%PDF-1.7 this is no PDF at all").toString("base64") },
    { name: "unrecordable.txt", text: "Whatever stands here." },
  ]);
  await progressOf(api, await submit(api, collectionId, "documents"));
  const { collection } = await api.query<{ collection: { lastJob: { tasks: { nodes: Task[] } } } }>(
    `query ($id: ID!) { collection(id: $id) { lastJob { tasks(filter: {}) { nodes { id status stage documentName
       error { code stage message } stages { stage outcome }
       history(first: 50) { nodes { version toStatus fromStage toStage reason } } } } } } }`,
    { id: collectionId },
  );
  for (const task of collection.lastJob.tasks.nodes) if (task.documentName) tasks.set(task.documentName, task);
});
afterAll(async () => {
  await sql.end();
  await api.close();
  await headway.stop();
  await database.drop();
  await rm(dataDir, { recursive: true, force: true });
});

describe("the stages of documents, pictures, sound and film, which used to stay pending forever", () => {
  it.each(KINDS)("moves %s through every stage, each with a row of history", (name) => {
    const { status, stage, stages, history } = tasks.get(name)!;
    expect({ status, stage }).toEqual({ status: "COMPLETED", stage: null });
    expect(stages.map((run) => `${run.stage} ${run.outcome}`)).toEqual(STAGES.map((one) => `${one} COMPLETED`));
    expect(history.nodes.map(({ toStatus, toStage }) => [toStatus, toStage])).toEqual([
      ["QUEUED", "download"],
      ...STAGES.map((one) => ["RUNNING", one]),
      ["COMPLETED", null],
    ]);
  });

  it("never lets status and stage disagree: each change says both, and goes on from the stage of the one before", () => {
    for (const { documentName, history } of tasks.values()) {
      for (const [index, { version, toStatus, toStage, fromStage }] of history.nodes.entries()) {
        expect([documentName, version]).toEqual([documentName, index + 1]);
        expect([documentName, version, fromStage]).toEqual([
          documentName,
          version,
          history.nodes[index - 1]?.toStage ?? null,
        ]);
        expect([documentName, version, toStatus, toStage === null]).toEqual([
          documentName,
          version,
          toStatus,
          toStatus === "COMPLETED",
        ]);
      }
    }
  });

  it("refuses the UPDATE that moved the status and forgot the stage", async () => {
    const { id } = tasks.get("broken.pdf")!;
    await expect(sql.query("update headway.task set status = 'COMPLETED' where id = $1", [id])).rejects.toThrow(
      "version must become",
    );
    await expect(
      sql.query(
        `update headway.task set version = version + 1, change_id = gen_random_uuid(), status = 'RUNNING',
           change_reason = 'STAGE_STARTED' where id = $1`,
        [id],
      ),
    ).rejects.toThrow(/must name another stage|not in the transition table/);
  });

  it("names the stage and the error of what failed, and what to do", () => {
    const { status, error, stages } = tasks.get("broken.pdf")!;
    expect({ status, error }).toEqual({
      status: "FAILED",
      error: { code: "MALFORMED_DOCUMENT", stage: "parse", message: expect.stringMatching(/broken\.pdf .*; /) },
    });
    expect(stages.map((run) => `${run.stage} ${run.outcome}`)).toEqual([
      "download COMPLETED",
      "validate COMPLETED",
      "parse FAILED",
    ]);
  });

  it("swallows no failure to record: the task fails where it was, with what the database said", async () => {
    const { status, error, history } = tasks.get("unrecordable.txt")!;
    expect({ status, error }).toEqual({
      status: "FAILED",
      error: {
        code: "OUTPUT_UNSTORABLE",
        stage: "parse",
        message: "The stage's result cannot be stored: this row is not taken",
      },
    });
    expect(history.nodes.at(-1)).toMatchObject({ toStatus: "FAILED", toStage: "parse" });
    expect(headway.output()).toContain("this row is not taken");
    const { doctor } = await api.query<{ doctor: unknown[] }>("{ doctor { invariant detail } }");
    expect(doctor).toEqual([]);
  });
});
