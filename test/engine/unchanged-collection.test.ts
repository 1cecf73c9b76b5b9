import { z } from "zod";
import { removeDocuments } from "../../src/engine/collection/remove-documents.js";
import { definePipeline } from "../../src/pipelines/pipeline.js";
import { ACTOR, createRig, type Rig } from "../support/engine.js";

const sums = definePipeline({
  name: "sums",
  version: 1,
  options: z.object({ factor: z.number().default(1) }),
  documentStages: [{ name: "count", run: async (ctx) => ({ length: (await ctx.document.text()).length }) }],
  collectionStages: [{ name: "sum", run: async () => null }],
});

let rig: Rig;
beforeAll(async () => {
  rig = await createRig([sums]);
  await rig.startWorker();
});
afterAll(() => rig.close());

/** The job, and what became of its collection task; its one document is unchanged from the second on. */
async function again(collectionId: string): Promise<{ jobId: string; status: string }> {
  const jobId = await rig.submit("sums", 0, { collectionId, mode: "INCREMENTAL" });
  await rig.settled(jobId);
  const [task] = await rig.db.query("select status from headway.task where job_id = $1 and kind = 'COLLECTION'", [
    jobId,
  ]);
  return { jobId, status: task.status };
}

/** A collection of two documents, of which one was removed between its two jobs; and the second of them. */
async function afterRemoval(): Promise<{ collectionId: string; jobId: string }> {
  const collectionId = await rig.collection(2);
  await again(collectionId);
  const [{ id }] = await rig.db.query("select id from headway.document where collection_id = $1 order by id limit 1", [
    collectionId,
  ]);
  await removeDocuments(rig.deps, ACTOR, { collectionId, documentIds: [id] });
  const second = await again(collectionId);
  expect(second.status).toBe("COMPLETED");
  return { collectionId, jobId: second.jobId };
}

describe("collection stages of a job whose documents are all unchanged", () => {
  test("are left out where the last that ran saw these documents, whatever those before it saw", async () => {
    const { collectionId } = await afterRemoval();
    expect((await again(collectionId)).status).toBe("SKIPPED");
  });

  test.each([
    ["with other options", `update headway.job set options = '{"factor": 2}' where id = $1`],
    ["of other stages", "update headway.job set document_stages = '{other}' where id = $1"],
    ["of another pipeline", "update headway.job set pipeline = 'other' where id = $1"],
    ["of another version", "update headway.task set pipeline_version = 7 where job_id = $1 and kind = 'COLLECTION'"],
  ])("run where the last that saw these documents was %s", async (_, change) => {
    const { collectionId, jobId } = await afterRemoval();
    await rig.db.query(change, [jobId]);
    expect((await again(collectionId)).status).toBe("COMPLETED");
  });
});
