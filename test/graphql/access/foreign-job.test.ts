import { randomUUID } from "node:crypto";
import { projectNamed } from "../../../src/access/projects.js";
import { historyList } from "../../../src/graphql/history/history-list.js";
import { definePipeline } from "../../../src/pipelines/pipeline.js";
import { createRig, PROJECT, type Rig } from "../../support/engine.js";

const plain = definePipeline({ name: "plain", version: 1, documentStages: [{ name: "only", run: async () => null }] });

let rig: Rig;
beforeAll(async () => {
  rig = await createRig([plain]);
});
afterAll(() => rig.close());

/** How many rows of the history the server reads to list the changes of a job for a key of this project. */
async function rowsRead(projectId: string, jobId: string): Promise<number> {
  const { where, parameters } = historyList({ projectId, scope: null }, { jobId } as never);
  return rig.db.transaction(async (tx) => {
    await tx.query("set local enable_seqscan = off"); // As the planner has it where the table is not a handful of rows.
    const countSoFar = async (): Promise<number> => {
      const [{ n }] = await tx.query(
        "select idx_tup_fetch::int as n from pg_stat_xact_user_tables where relname = 'status_change'",
      );
      return n as number;
    };
    const before = await countSoFar();
    await tx.query(`select 1 from headway.status_change s where ${where}`, [...parameters]);
    return (await countSoFar()) - before;
  });
}

test("H6: of another project's job no row of the history is read, as of an unknown one: nothing to measure", async () => {
  const job = await rig.submit("plain", 2);
  const { id: elsewhere } = await projectNamed(rig.db, "elsewhere");
  expect(await rowsRead(PROJECT, job)).toBeGreaterThan(0);
  expect(await rowsRead(elsewhere, randomUUID())).toBe(0);
  expect(await rowsRead(elsewhere, job)).toBe(0);
});
