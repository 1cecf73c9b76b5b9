import fc from "fast-check";
import type { DataSource } from "typeorm";
import { createDataSource } from "../../src/database/data-source.js";
import { rollUp, type RollUpInput } from "./roll-up.js";
import { TASK_STATUSES } from "../../src/lifecycle/status.js";
import { createTestDatabase, type TestDatabase } from "../support/database.js";

const NOTHING: RollUpInput = {
  open: 0,
  completed: 0,
  failed: 0,
  cancelled: 0,
  skipped: 0,
  collectionTask: null,
  cancelRequested: false,
  sameDocumentsAsBefore: false,
};

describe("the roll-up, line by line", () => {
  test.each([
    ["an open document task keeps the job open", { open: 1, failed: 3 }, { job: "OPEN" }],
    [
      "an open document task keeps the collection task waiting, cancel or not",
      { open: 1, collectionTask: "WAITING", cancelRequested: true },
      { job: "OPEN" },
    ],
    [
      "a cancel takes the waiting collection task",
      { completed: 1, collectionTask: "WAITING", cancelRequested: true },
      { collectionTask: "CANCELLED", reason: "CANCELLED_BY_REQUEST" },
    ],
    [
      "with nothing completed the collection task has nothing to do",
      { failed: 2, collectionTask: "WAITING" },
      { collectionTask: "SKIPPED", reason: "NOTHING_TO_DO" },
    ],
    [
      "with all skipped and seen before it is unchanged",
      { skipped: 2, collectionTask: "WAITING", sameDocumentsAsBefore: true },
      { collectionTask: "SKIPPED", reason: "UNCHANGED" },
    ],
    [
      "with all skipped but other documents before it runs",
      { skipped: 2, collectionTask: "WAITING" },
      { collectionTask: "QUEUED", reason: "DOCUMENTS_SETTLED" },
    ],
    [
      "with something completed the collection task runs",
      { completed: 1, failed: 1, collectionTask: "WAITING", sameDocumentsAsBefore: true },
      { collectionTask: "QUEUED", reason: "DOCUMENTS_SETTLED" },
    ],
    ["a running collection task keeps the job open", { completed: 1, collectionTask: "RUNNING" }, { job: "OPEN" }],
    ["a queued collection task keeps the job open", { completed: 1, collectionTask: "QUEUED" }, { job: "OPEN" }],
    [
      "a cancel that took something makes the job CANCELLED",
      { completed: 1, cancelled: 1, cancelRequested: true },
      { job: "CANCELLED" },
    ],
    [
      "a cancel that took the collection task makes the job CANCELLED",
      { completed: 1, collectionTask: "CANCELLED", cancelRequested: true },
      { job: "CANCELLED" },
    ],
    ["a cancel that came too late changes nothing", { completed: 2, cancelRequested: true }, { job: "COMPLETED" }],
    ["a failed collection task fails the job", { completed: 2, collectionTask: "FAILED" }, { job: "FAILED" }],
    ["all failed is FAILED", { failed: 2, cancelled: 1 }, { job: "FAILED" }],
    ["all cancelled one by one is CANCELLED", { cancelled: 2 }, { job: "CANCELLED" }],
    ["some failed is COMPLETED_WITH_ERRORS", { completed: 1, failed: 1 }, { job: "COMPLETED_WITH_ERRORS" }],
    ["some cancelled is COMPLETED_WITH_ERRORS", { completed: 1, cancelled: 1 }, { job: "COMPLETED_WITH_ERRORS" }],
    [
      "a collection task cancelled by itself is COMPLETED_WITH_ERRORS",
      { completed: 1, collectionTask: "CANCELLED" },
      { job: "COMPLETED_WITH_ERRORS" },
    ],
    [
      "completed and skipped alone is COMPLETED",
      { completed: 1, skipped: 1, collectionTask: "COMPLETED" },
      { job: "COMPLETED" },
    ],
  ] as const)("%s", (_, input, expected) => {
    expect(rollUp({ ...NOTHING, ...input })).toEqual(expected);
  });

  test("every input has exactly one answer", () => {
    const count = fc.nat({ max: 3 });
    fc.assert(
      fc.property(
        fc.record({
          open: count,
          completed: count,
          failed: count,
          cancelled: count,
          skipped: count,
          collectionTask: fc.option(fc.constantFrom(...TASK_STATUSES)),
          cancelRequested: fc.boolean(),
          sameDocumentsAsBefore: fc.boolean(),
        }),
        (input) => {
          const answer = rollUp(input);
          expect("job" in answer ? answer.job : answer.collectionTask).toBeTruthy();
          if (input.open > 0) expect(answer).toEqual({ job: "OPEN" });
        },
      ),
    );
  });
});

describe("the roll-up in SQL", () => {
  let db: DataSource;
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createTestDatabase();
    db = await createDataSource(database.url).initialize();
  });
  afterAll(async () => {
    await db.destroy();
    await database.drop();
  });

  test("says the same as in TypeScript over every combination", async () => {
    const inputs: RollUpInput[] = [];
    const counts = [0, 1, 2];
    for (const open of [0, 1])
      for (const completed of counts)
        for (const failed of counts)
          for (const cancelled of counts)
            for (const skipped of counts)
              for (const collectionTask of [null, ...TASK_STATUSES])
                for (const cancelRequested of [false, true])
                  for (const sameDocumentsAsBefore of [false, true])
                    inputs.push({
                      open,
                      completed,
                      failed,
                      cancelled,
                      skipped,
                      collectionTask,
                      cancelRequested,
                      sameDocumentsAsBefore,
                    });
    const answers: { target: string; status: string; reason: string | null }[] = await db.query(
      `select r.* from jsonb_to_recordset($1::jsonb) as i(open int, completed int, failed int, cancelled int,
         skipped int, "collectionTask" text, "cancelRequested" boolean, "sameDocumentsAsBefore" boolean, place int)
       cross join lateral headway.roll_up(open, completed, failed, cancelled, skipped, "collectionTask", "cancelRequested", "sameDocumentsAsBefore") r
       order by place`,
      [JSON.stringify(inputs.map((input, place) => ({ ...input, place })))],
    );
    expect(answers).toHaveLength(inputs.length);
    const differing = inputs.filter((input, index) => {
      const expected = rollUp(input);
      const answer = answers[index]!;
      return "job" in expected
        ? answer.target !== "JOB" || answer.status !== expected.job
        : answer.target !== "COLLECTION_TASK" ||
            answer.status !== expected.collectionTask ||
            answer.reason !== expected.reason;
    });
    expect(differing).toEqual([]);
  });
});
