import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { definePipeline, PermanentError, type DocumentContext } from "../../../src/index.js";
import { createTestApi, type TestApi } from "../../support/api.js";
import { until } from "../../support/until.js";
import { note } from "../rig.js";

const NUL = "a\0b";
const LONE = "a\ud800b";
const CLEAN = "a\ufffdb";

function deep(levels: number): unknown {
  let value: unknown = 1;
  for (let i = 0; i < levels; i += 1) value = { value };
  return value;
}
function circular(): unknown {
  const value: Record<string, unknown> = {};
  value.self = value;
  return value;
}

/** What each of these documents does, and how it must end: with an error code, or completed with something cleaned. */
const ODD: Record<string, { run: (ctx: DocumentContext) => unknown; ends: string }> = {
  "output with NUL": { run: () => ({ text: NUL }), ends: "OUTPUT_UNSTORABLE" },
  "output with a NUL in a key": { run: () => ({ [NUL]: 1 }), ends: "OUTPUT_UNSTORABLE" },
  "output with half a surrogate": { run: () => ({ text: LONE }), ends: "OUTPUT_UNSTORABLE" },
  "output of 300 MB": { run: () => "x".repeat(300_000_000), ends: "OUTPUT_UNSTORABLE" },
  "output 10,000 deep": { run: () => deep(10_000), ends: "OUTPUT_UNSTORABLE" },
  "circular output": { run: circular, ends: "OUTPUT_UNSTORABLE" },
  "output with a bigint": { run: () => ({ n: 1n }), ends: "OUTPUT_UNSTORABLE" },
  "a function as output": { run: () => () => 1, ends: "OUTPUT_UNSTORABLE" },
  "an output that throws when read": {
    run: () => ({
      get boom(): never {
        throw new Error("boom");
      },
    }),
    ends: "OUTPUT_UNSTORABLE",
  },
  "text of 300 MB": { run: (ctx) => ctx.setText("x".repeat(300_000_000)), ends: "OUTPUT_UNSTORABLE" },
  "text with NUL": { run: (ctx) => ctx.setText(NUL), ends: "COMPLETED" },
  "text with half a surrogate": { run: (ctx) => ctx.setText(LONE), ends: "COMPLETED" },
  "a chunk with NUL": {
    run: (ctx) => ctx.chunks.replace([{ ordinal: 0, text: NUL, startOffset: 0, endOffset: 3 }]),
    ends: "COMPLETED",
  },
  "a chunk without a place": {
    run: (ctx) => ctx.chunks.replace([{ ordinal: Number.NaN, text: "a", startOffset: 0, endOffset: 3 }]),
    ends: "OUTPUT_UNSTORABLE",
  },
  "two chunks in one place": {
    run: (ctx) => ctx.chunks.replace([0, 0].map((ordinal) => ({ ordinal, text: "a", startOffset: 0, endOffset: 1 }))),
    ends: "OUTPUT_UNSTORABLE",
  },
  "a chunk without text": {
    run: (ctx) => ctx.chunks.replace([{ ordinal: 0, text: undefined as any, startOffset: 0, endOffset: 1 }]),
    ends: "OUTPUT_UNSTORABLE",
  },
  "metadata with NUL": { run: (ctx) => ctx.setMetadata({ author: NUL }), ends: "OUTPUT_UNSTORABLE" },
  "metadata 10,000 deep": { run: (ctx) => ctx.setMetadata({ author: deep(10_000) as any }), ends: "OUTPUT_UNSTORABLE" },
  "a media type with NUL": { run: (ctx) => ctx.setMediaType(NUL), ends: "COMPLETED" },
  "a warning with NUL": { run: (ctx) => ctx.warn("ODD", NUL), ends: "COMPLETED" },
  "progress that is no number, and says NUL": { run: (ctx) => ctx.progress(Number.NaN, NUL), ends: "COMPLETED" },
  "an error that says NUL": {
    run: () => {
      throw new PermanentError("ODD", NUL);
    },
    ends: "ODD",
  },
  "an error of 10 MB": {
    run: () => {
      throw new PermanentError("ODD", LONE.repeat(3_000_000));
    },
    ends: "ODD",
  },
  "an error whose code is no code": {
    run: () => {
      throw new PermanentError(NUL, "odd");
    },
    ends: "PERMANENT_ERROR",
  },
  "no error, but something else thrown": {
    run: () => {
      throw Object.create(null);
    },
    ends: "HANDLER_ERROR",
  },
  "an artifact with NUL in its name": {
    run: (ctx) => ctx.artifacts.write(NUL, "x", "text/plain"),
    ends: "ARTIFACT_NAME",
  },
  "an artifact with NUL in its media type": { run: (ctx) => ctx.artifacts.write("a.txt", "x", NUL), ends: "COMPLETED" },
};
const PLAIN = 200 - Object.keys(ODD).length;

let held = 0;
let release!: () => void;
const gate = new Promise<void>((resolve) => (release = resolve));
const odd = definePipeline({
  name: "odd",
  version: 1,
  documentStages: [
    {
      name: "work",
      maxAttempts: 1,
      run: async (ctx: DocumentContext) => {
        held += 1;
        await gate;
        return (await ODD[ctx.document.name]?.run(ctx)) ?? null;
      },
    },
  ],
});

let api: TestApi;
beforeAll(async () => {
  api = await createTestApi([odd]);
  await api.rig.startWorker({ concurrency: 200 });
});
afterAll(() => api.close());

test("F25: of 200 documents that end at once some have results that can't be stored: those fail with a code or are cleaned, the rest complete", async () => {
  const { rig } = api;
  const names = [...Object.keys(ODD), ...Array.from({ length: PLAIN }, (_, i) => `plain ${i}`)];
  const collectionId = await rig.collection(names.map((name) => ({ name, text: name })));
  const jobId = await rig.submit("odd", 0, { collectionId });
  await until("all 200 wait at the gate", () => held === 200);
  const releasedAt = Date.now();
  release();
  expect(await rig.settled(jobId)).toBe("COMPLETED_WITH_ERRORS");
  const recoveryMs = Date.now() - releasedAt;
  const rows: { name: string; ends: string }[] = await rig.db.query(
    "select document_name as name, coalesce(error_code, status) as ends from headway.task where job_id = $1 and kind = 'DOCUMENT'",
    [jobId],
  );
  const ends = Object.fromEntries(rows.map((row) => [row.name, row.ends]));
  const expected = Object.fromEntries(names.map((name) => [name, ODD[name]?.ends ?? "COMPLETED"]));
  expect(ends).toEqual(expected);
  const texts = await rig.db.query(
    `select d.name, t.text from headway.document d join headway.document_text t on t.document_id = d.id where d.name like 'text with%' order by 1`,
  );
  expect(texts.map((row: { text: string }) => row.text)).toEqual([CLEAN, CLEAN]);
  const { job } = await api.client.query<any>(
    `query ($id: ID!) { job(id: $id) { summary { counts { total completed failed } errors { code count } }
       tasks(first: 100) { nodes { documentName error { code message } warnings { code message } history { nodes { message } } } } } }`,
    { id: jobId },
  );
  expect(job.summary.counts.total).toBe(200);
  expect(job.tasks.nodes).toHaveLength(100);
  // Nothing came as far as the database that it had to refuse.
  expect(rig.errors).toEqual([]);
  expect(await rig.violations()).toEqual([]);
  note({
    fault: "F25",
    what: "unstorable among 200 that end at once",
    times: Object.keys(ODD).length,
    recoveryMs,
    looks: 1,
    jobs: 1,
  });
});
