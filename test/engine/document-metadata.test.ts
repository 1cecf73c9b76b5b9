import { addDocuments } from "../../src/engine/collection/add-documents.js";
import { definePipeline } from "../../src/pipelines/pipeline.js";
import { ACTOR, createRig, type Rig } from "../support/engine.js";

const piece = (kilobytes: number): string => "m".repeat(kilobytes * 1_000);
const hoarder = definePipeline({
  name: "hoarder",
  version: 1,
  documentStages: [
    {
      name: "first",
      maxAttempts: 1,
      run: async (ctx) => {
        if (ctx.document.name !== "at once") return ctx.setMetadata({ first: piece(400) });
        for (let i = 0; i < 9; i += 1) ctx.setMetadata({ [`part${i}`]: piece(200) });
      },
    },
    { name: "second", maxAttempts: 1, run: async (ctx) => ctx.setMetadata({ second: piece(400) }) },
    {
      name: "third",
      maxAttempts: 1,
      run: async (ctx) => {
        ctx.setMetadata({ second: "smaller" });
        if (ctx.document.name === "by stages") ctx.setMetadata({ third: piece(400), fourth: piece(300) });
      },
    },
  ],
});

let rig: Rig;
beforeAll(async () => {
  rig = await createRig([hoarder]);
  await rig.startWorker();
});
afterAll(() => rig.close());

async function outcome(name: string): Promise<object> {
  const collectionId = await rig.collection([{ name, text: "x" }]);
  await rig.settled(await rig.submit("hoarder", 0, { collectionId }));
  const [row] = await rig.db.query(
    `select t.status, t.error_code as code, t.error_stage as stage, octet_length(d.metadata::text) as bytes
     from headway.task t join headway.document d on d.id = t.document_id where d.collection_id = $1`,
    [collectionId],
  );
  return row;
}

describe("the metadata of a document", () => {
  test("has at most 1,000,000 bytes, however many calls of a stage add to it", async () => {
    expect(await outcome("at once")).toEqual({
      status: "FAILED",
      code: "OUTPUT_UNSTORABLE",
      stage: "first",
      bytes: expect.any(Number),
    });
    expect(((await outcome("at once")) as { bytes: number }).bytes).toBeLessThan(1_000_000);
  });

  test("and however many stages; what is replaced does not count", async () => {
    expect(await outcome("by stages")).toMatchObject({ status: "FAILED", code: "OUTPUT_UNSTORABLE", stage: "third" });
    expect(await outcome("within")).toMatchObject({ status: "COMPLETED", code: null });
  });

  test("and however many requests; one that is refused changes nothing", async () => {
    const collectionId = await rig.collection([]);
    const add = (key: string): Promise<unknown> =>
      addDocuments(rig.deps, ACTOR, {
        collectionId,
        documents: [
          { name: "other", text: "y" },
          { name: "given", text: key, metadata: { [key]: piece(400) } },
        ],
      });
    const stored = () =>
      rig.db.query(
        "select name, sha256, array(select jsonb_object_keys(metadata)) as keys from headway.document where collection_id = $1 order by name",
        [collectionId],
      );
    await add("a");
    await add("b");
    const before = await stored();
    await expect(add("c")).rejects.toMatchObject({
      code: "TOO_LARGE",
      path: ["documents", "1", "metadata"],
      message: expect.stringMatching(/^The metadata of "given" would have 12\d{5} bytes/),
    });
    expect(await stored()).toEqual(before);
    await expect(add("a")).resolves.toHaveLength(2);
  });
});
