import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { Column, DataSource, Entity, PrimaryColumn } from "typeorm";
import { definePipeline } from "../../src/pipelines/pipeline.js";
import { createRig, type Rig } from "../support/engine.js";
import { note } from "./rig.js";

/** As a hurried colleague would write it: the same table, read, changed, saved. */
@Entity("task", { schema: "headway" })
class LooseTask {
  @PrimaryColumn("uuid")
  id!: string;
  @Column("text")
  status!: string;
  @Column("int")
  version!: number;
}

const plain = definePipeline({ name: "plain", version: 1, documentStages: [{ name: "only", run: async () => null }] });

let rig: Rig;
let loose: DataSource;
let taskId: string;
beforeAll(async () => {
  rig = await createRig([plain]);
  loose = await new DataSource({ type: "postgres", url: rig.url, entities: [LooseTask] }).initialize();
  const jobId = await rig.submit("plain", 1);
  taskId = (await rig.db.query("select id from headway.task where job_id = $1", [jobId]))[0].id;
});
afterAll(async () => {
  await loose.destroy();
  await rig.close();
});

describe("F15: the database refuses, and says what to do, when", () => {
  test("a stale entity is saved", async () => {
    const stale = await loose.getRepository(LooseTask).findOneByOrFail({ id: taskId });
    const worker = await rig.startWorker();
    await rig.settled((await rig.db.query("select job_id from headway.task where id = $1", [taskId]))[0].job_id);
    await worker.stop(0);
    stale.status = "FAILED";
    await expect(loose.getRepository(LooseTask).save(stale)).rejects.toThrow(/version must become \d+, not \d+/);
  });

  test.each([
    [
      "a status is set by hand",
      "update headway.task set status = 'QUEUED' where id = $1",
      /version must become 4, not 3/,
    ],
    [
      "a job is settled by hand",
      "update headway.job set finished_at = null where id = (select job_id from headway.task where id = $1)",
      /version must become/,
    ],
    [
      "counters are set by hand",
      "update headway.job set completed = 9 where id = (select job_id from headway.task where id = $1)",
      /its counters follow its tasks/,
    ],
    [
      "a change of the history is edited",
      "update headway.status_change set reason = 'CREATED' where entity_id = $1",
      /the history is append-only/,
    ],
    [
      "a change of the history is deleted",
      "delete from headway.status_change where entity_id = $1",
      /the history is append-only/,
    ],
    [
      "a change is put into the history",
      "insert into headway.status_change select s.* from headway.status_change s where entity_id = $1",
      /.+/,
    ],
    ["a task is deleted", "delete from headway.task where id = $1", /DELETE of task is refused/],
  ])("%s", async (what, statement, message) => {
    await expect(rig.db.query(statement, [taskId])).rejects.toThrow(message);
    expect(await rig.violations()).toEqual([]);
    note({ fault: "F15", what, times: 1, looks: 1, jobs: 1 });
  });
});
