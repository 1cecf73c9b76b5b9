import { definePipeline, type DocumentContext } from "../../../src/pipelines/pipeline.js";
import { createRig, type Rig } from "../../support/engine.js";

const CHUNKS = [0, 1, 2].map((ordinal) => ({
  ordinal,
  text: `chunk ${ordinal}`,
  page: null,
  startOffset: ordinal,
  endOffset: ordinal + 1,
  embedding: new Float32Array(4).fill(ordinal),
}));
const asked: { name: string; staged: unknown }[] = [];

const storing = definePipeline({
  name: "storing",
  version: 1,
  documentStages: [
    {
      name: "store",
      maxAttempts: 2,
      run: async (ctx: DocumentContext) => {
        await ctx.chunks.replace(ctx.document.name === "bare" ? [] : CHUNKS);
        return { name: ctx.document.name };
      },
      check: ({ name }: { name: string }, staged) => {
        asked.push({ name, staged });
        if (staged.chunks === 0) throw new Error("there is no chunk");
      },
    },
  ],
});

let rig: Rig;
beforeAll(async () => {
  rig = await createRig([storing]);
  // Between the check and the finishing transaction nothing of ours writes; this stands for what should not happen.
  await rig.db.query("create table headway.meant_to_lose (name text)");
  await rig.db.query(`
    create function headway.lose_a_chunk() returns trigger language plpgsql as $$ begin
      if new.status = 'COMPLETED' and new.document_name in (select name from headway.meant_to_lose) then
        delete from headway.chunk where task_id = new.id and ordinal = 2;
      end if;
      return new;
    end $$`);
  await rig.db.query(
    `create trigger lose_a_chunk before update on headway.task for each row execute function headway.lose_a_chunk()`,
  );
});
afterAll(() => rig.close());

async function tasks(jobId: string): Promise<unknown> {
  return rig.db.query(
    `select document_name as name, status, attempt, error_code as code, error_stage as stage, error_message as message,
       (select chunk_count from headway.document where id = document_id) as shown
     from headway.task where job_id = $1 order by ordinal`,
    [jobId],
  );
}

describe("an output contract", () => {
  test("is shown what is staged, and its refusal says what was wrong", async () => {
    await rig.startWorker();
    const collectionId = await rig.collection(["good", "bare"].map((name) => ({ name, text: name })));
    const jobId = await rig.submit("storing", 0, { collectionId });
    expect(await rig.settled(jobId)).toBe("COMPLETED_WITH_ERRORS");
    expect(asked).toContainEqual({ name: "good", staged: { chunks: 3, embedded: 3 } });
    expect(await tasks(jobId)).toEqual([
      { name: "good", status: "COMPLETED", attempt: 1, code: null, stage: null, message: null, shown: 3 },
      {
        name: "bare",
        status: "FAILED",
        attempt: 2,
        code: "OUTPUT_REJECTED",
        stage: "store",
        message: 'The output of stage "store" was refused: there is no chunk',
        shown: 0,
      },
    ]);
  });

  test("holds in the transaction that finishes the task: what is no longer what was checked is refused, alone", async () => {
    await rig.db.query("insert into headway.meant_to_lose values ('loses')");
    const names = ["before", "loses", "behind"];
    const collectionId = await rig.collection(names.map((name) => ({ name, text: name })));
    const jobId = await rig.submit("storing", 0, { collectionId });
    expect(await rig.settled(jobId)).toBe("COMPLETED_WITH_ERRORS");
    expect(await tasks(jobId)).toEqual([
      { name: "before", status: "COMPLETED", attempt: 1, code: null, stage: null, message: null, shown: 3 },
      {
        name: "loses",
        status: "FAILED",
        attempt: 2,
        code: "OUTPUT_REJECTED",
        stage: "store",
        message: expect.stringContaining("2 chunks, 2 with a vector, though 3 and 3 were checked"),
        shown: 0,
      },
      { name: "behind", status: "COMPLETED", attempt: 1, code: null, stage: null, message: null, shown: 3 },
    ]);
    expect(await rig.violations()).toEqual([]);
  });
});
