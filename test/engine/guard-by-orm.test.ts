import { randomUUID } from "node:crypto";
import type { EntityManager, EntityTarget } from "typeorm";
import { CHANGE_REASONS } from "../../src/lifecycle/reasons.js";
import { LEVELS, STATUSES, type Level, type Status } from "../../src/lifecycle/status.js";
import { TRANSITIONS, isAllowed } from "../../src/lifecycle/transitions.js";
import { Collection } from "../../src/model/collection.js";
import { Job } from "../../src/model/job.js";
import type { TrackedEntity } from "../../src/model/node.js";
import { Task } from "../../src/model/task.js";
import { definePipeline } from "../../src/pipelines/pipeline.js";
import { makeRoomInReady } from "../support/forced-status.js";
import { createRig, type Rig } from "../support/engine.js";

const both = definePipeline({
  name: "both",
  version: 1,
  documentStages: [{ name: "read", run: async () => null }],
  collectionStages: [{ name: "sum", run: async () => null }],
});
const ENTITIES: Record<Level, EntityTarget<TrackedEntity>> = {
  COLLECTION: Collection,
  JOB: Job,
  DOCUMENT_TASK: Task,
  COLLECTION_TASK: Task,
};

let rig: Rig;
let ids: Record<Level, string>;
beforeAll(async () => {
  rig = await createRig([both]);
  const jobId = await rig.submit("both", 1);
  const job = await rig.db.manager.findOneByOrFail(Job, { id: jobId });
  const tasks = await rig.db.manager.findBy(Task, { jobId });
  const taskOf = (kind: string): string => tasks.find((task) => task.kind === kind)!.id;
  ids = {
    COLLECTION: job.collectionId,
    JOB: jobId,
    DOCUMENT_TASK: taskOf("DOCUMENT"),
    COLLECTION_TASK: taskOf("COLLECTION"),
  };
});
afterAll(() => rig.close());

const wordsOf = (level: Level): Status[] =>
  STATUSES.filter((status) => TRANSITIONS.some((t) => t.level === level && (t.from === status || t.to === status)));

describe("the guard, by ORM", () => {
  test.each(LEVELS)("%s: lets every listed change through, and no other pair or reason", async (level) => {
    const accepted: string[] = [];
    const expected: string[] = [];
    await undone(async (manager) => {
      // The forced status has no share in the counts by stage; room below keeps their own check out of the way.
      await manager.query("update headway.stage_count set queued = 9, running = 9, completed = 9, failed = 9");
      if (level !== "COLLECTION")
        await manager.query("drop index headway.job_one_open; drop index headway.task_one_collection_task");
      for (const from of wordsOf(level)) {
        await force(manager, level, from);
        for (const to of wordsOf(level))
          for (const reason of CHANGE_REASONS) {
            if (isAllowed(level, from, to, reason)) expected.push(`${from} ${to} ${reason}`);
            if (await passes(manager, level, { from, to, reason })) accepted.push(`${from} ${to} ${reason}`);
          }
      }
    });
    expect(accepted.sort()).toEqual(expected.sort());
  });

  test("refuses an entity that was read before somebody else's change, and says what to do", async () => {
    await undone(async (manager) => {
      const stale = await manager.findOneByOrFail(Task, { id: ids.DOCUMENT_TASK });
      const change = { status: "CANCELLED", changeReason: "CANCELLED_BY_REQUEST" } as const;
      await manager.update(Task, { id: stale.id }, { ...change, changeId: randomUUID(), version: stale.version + 1 });
      const save = manager.save(Task, { ...stale, progress: 0.5, status: "RUNNING", changeReason: "CLAIMED" });
      await expect(save).rejects.toThrow(/version must become 3, not 1/);
    });
  });

  test("refuses an entity whose stage moves while its version is forgotten", async () => {
    await undone(async (manager) => {
      const task = await manager.findOneByOrFail(Task, { id: ids.DOCUMENT_TASK });
      await expect(manager.save(Task, { ...task, stage: "embed" })).rejects.toThrow("version must become 2, not 1");
    });
  });

  test("refuses to remove an entity", async () => {
    await undone(async (manager) => {
      const job = await manager.findOneByOrFail(Job, { id: ids.JOB });
      await expect(manager.remove(Job, job)).rejects.toThrow("refused");
    });
  });
});

/** Runs the work in a transaction that is rolled back. */
async function undone(work: (manager: EntityManager) => Promise<void>): Promise<void> {
  const runner = rig.db.createQueryRunner();
  try {
    await runner.startTransaction();
    await runner.query("set local statement_timeout = 0");
    await work(runner.manager);
  } finally {
    await runner.rollbackTransaction();
    await runner.release();
  }
}

async function force(manager: EntityManager, level: Level, status: Status): Promise<void> {
  const table = rig.db.getMetadata(ENTITIES[level]).tablePath;
  await manager.query(`alter table ${table} disable trigger user`);
  await manager.query(`update ${table} set status = $1 where id = $2`, [status, ids[level]]);
  await manager.query(`alter table ${table} enable trigger user`);
  await makeRoomInReady(manager);
}

/** Whether the guard lets this change pass; undone either way. */
async function passes(
  manager: EntityManager,
  level: Level,
  { from, to, reason }: { from: Status; to: Status; reason: string },
): Promise<boolean> {
  await manager.query("savepoint attempt");
  const claims = from === "QUEUED" && to === "RUNNING" && level.endsWith("TASK");
  const change = {
    status: to,
    version: () => "version + 1",
    changeId: randomUUID(),
    changeReason: reason,
    ...(claims ? { fence: 1 } : {}),
    ...(reason === "STAGE_STARTED" && level.endsWith("TASK") ? { stage: "next" } : {}),
  };
  try {
    await manager.update(ENTITIES[level], { id: ids[level] }, change as never);
    return true;
  } catch (error) {
    if (!/transition table|fence|stage/.test(String(error))) throw error;
    return false;
  } finally {
    await manager.query("rollback to savepoint attempt");
  }
}
