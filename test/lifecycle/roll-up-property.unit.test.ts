import fc from "fast-check";
import { rollUp, type RollUp } from "./roll-up.js";
import { isOpen, OPEN_JOB_STATUSES, TASK_STATUSES, type TaskStatus } from "../../src/lifecycle/status.js";
import { isAllowed } from "../../src/lifecycle/transitions.js";

/** A job as its tasks are: one status for each document task. */
interface Job {
  readonly documents: readonly TaskStatus[];
  readonly collectionTask: TaskStatus | null;
  readonly cancelRequested: boolean;
  readonly sameDocumentsAsBefore: boolean;
}

/** What `converge` counts before it asks. */
function answerFor({ documents, ...rest }: Job): RollUp {
  const count = (...wanted: TaskStatus[]): number => documents.filter((status) => wanted.includes(status)).length;
  return rollUp({
    ...rest,
    open: count("QUEUED", "RUNNING"),
    completed: count("COMPLETED"),
    failed: count("FAILED"),
    cancelled: count("CANCELLED"),
    skipped: count("SKIPPED"),
  });
}

// A document task never waits: that is the collection task's status alone.
const DOCUMENT_STATUSES = TASK_STATUSES.filter((status) => status !== "WAITING");
const SETTLED = DOCUMENT_STATUSES.filter((status) => !isOpen("DOCUMENT_TASK", status));
const COLLECTION_TASKS = [null, ...TASK_STATUSES];

const jobOf = (documents: fc.Arbitrary<TaskStatus[]>): fc.Arbitrary<Job> =>
  fc.record({
    documents,
    collectionTask: fc.constantFrom(...COLLECTION_TASKS),
    cancelRequested: fc.boolean(),
    sameDocumentsAsBefore: fc.boolean(),
  });
// All alike as often as mixed: most lines of the roll-up are about what none or all of the documents are.
const anyJob = jobOf(
  fc.subarray(DOCUMENT_STATUSES).chain((some) => fc.array(fc.constantFrom(...(some.length > 0 ? some : SETTLED)))),
);
const settledDocuments = jobOf(
  fc.subarray(SETTLED, { minLength: 1 }).chain((some) => fc.array(fc.constantFrom(...some))),
);

const shuffled = <T>(list: readonly T[]): fc.Arbitrary<T[]> =>
  fc.shuffledSubarray([...list], { minLength: list.length, maxLength: list.length });
const jobIn = (answer: RollUp): string => ("job" in answer ? answer.job : "OPEN");
const RUNS = { numRuns: 1_000 };

describe("the roll-up of any job", () => {
  test("answers with what the transition table allows, for every set of statuses that its tasks can have", () => {
    const jobs = Array.from({ length: 2 ** DOCUMENT_STATUSES.length }, (_, bits) =>
      DOCUMENT_STATUSES.filter((_status, place) => bits & (1 << place)),
    ).flatMap((documents) =>
      COLLECTION_TASKS.flatMap((collectionTask) =>
        [false, true].flatMap((cancelRequested) =>
          [false, true].map((sameDocumentsAsBefore): Job => {
            return { documents, collectionTask, cancelRequested, sameDocumentsAsBefore };
          }),
        ),
      ),
    );
    expect(jobs).toHaveLength(64 * 8 * 2 * 2);
    const wrong = jobs.filter((job) => {
      const answer = answerFor(job);
      if ("collectionTask" in answer) {
        return !isAllowed("COLLECTION_TASK", job.collectionTask, answer.collectionTask, answer.reason);
      }
      const { job: to } = answer;
      if (to === "OPEN") return false;
      const fromEveryOpenStatus = OPEN_JOB_STATUSES.every((from) => isAllowed("JOB", from, to, "ALL_TASKS_SETTLED"));
      return !fromEveryOpenStatus || !isAllowed("COLLECTION", "PROCESSING", to, "ALL_TASKS_SETTLED");
    });
    expect(wrong).toEqual([]);
  });

  test("does not depend on the order of its tasks", () => {
    const inTwoOrders = anyJob.chain((job) => fc.tuple(fc.constant(job), shuffled(job.documents)));
    fc.assert(
      fc.property(inTwoOrders, ([job, documents]) => {
        expect(answerFor({ ...job, documents })).toEqual(answerFor(job));
      }),
      RUNS,
    );
  });

  test("depends on which statuses occur, not on how often", () => {
    fc.assert(
      fc.property(anyJob, (job) => {
        expect(answerFor({ ...job, documents: [...new Set(job.documents)] })).toEqual(answerFor(job));
      }),
      RUNS,
    );
  });

  test("moves nothing while a document task is open, wherever in the list it stands", () => {
    const withOneOpen = settledDocuments.chain((job) =>
      fc.tuple(fc.constantFrom<TaskStatus>("QUEUED", "RUNNING"), fc.nat(job.documents.length)).map(([open, place]) => {
        return { ...job, documents: job.documents.toSpliced(place, 0, open) };
      }),
    );
    fc.assert(
      fc.property(withOneOpen, (job) => {
        expect(answerFor(job)).toEqual({ job: "OPEN" });
      }),
      RUNS,
    );
  });

  test("never settles a job whose collection task is open", () => {
    const withAnOpenCollectionTask = anyJob.filter(
      ({ collectionTask }) => collectionTask !== null && isOpen("COLLECTION_TASK", collectionTask),
    );
    fc.assert(
      fc.property(withAnOpenCollectionTask, (job) => {
        expect(jobIn(answerFor(job))).toBe("OPEN");
      }),
      RUNS,
    );
  });
});

describe("the roll-up of a job whose documents are settled", () => {
  test("comes to rest after one step of the collection task: it runs, or the job is settled", () => {
    fc.assert(
      fc.property(settledDocuments, (job) => {
        const answer = answerFor(job);
        const collectionTask = "collectionTask" in answer ? answer.collectionTask : job.collectionTask;
        const next = answerFor({ ...job, collectionTask });
        const runs = collectionTask === "QUEUED" || collectionTask === "RUNNING";
        expect("job" in next && (next.job === "OPEN") === runs).toBe(true);
      }),
      RUNS,
    );
  });

  test("calls COMPLETED only a job in which nothing has failed or been cancelled", () => {
    fc.assert(
      fc.property(settledDocuments, (job) => {
        const tasks = [...job.documents, job.collectionTask];
        fc.pre(jobIn(answerFor(job)) === "COMPLETED");
        expect(tasks.filter((status) => status === "FAILED" || status === "CANCELLED")).toEqual([]);
      }),
      RUNS,
    );
  });

  test("lets a request to cancel that took no task change nothing", () => {
    fc.assert(
      fc.property(settledDocuments, (job) => {
        fc.pre(job.collectionTask !== "WAITING");
        fc.pre(![...job.documents, job.collectionTask].includes("CANCELLED"));
        expect(answerFor({ ...job, cancelRequested: true })).toEqual(answerFor({ ...job, cancelRequested: false }));
      }),
      RUNS,
    );
  });
});
