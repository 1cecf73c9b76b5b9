import DataLoader from "dataloader";
import { Signal } from "../../async/signal.js";
import { BadInput } from "../../errors.js";
import { Job } from "../../model/job.js";
import { createContext, type GraphContext } from "../context.js";
import { uuid } from "../ids.js";
import { readJob } from "../job/read-job.js";

/** At most ten states a second. */
const MIN_INTERVAL_MS = 100;

/**
 * A job's states: the present one at once, then the latest after each commit that may concern it, and an end once it
 * is settled. An iterator and no generator: `return()` ends the wait at once.
 * @throws {BadInput} when there is no such job
 */
export async function jobStates(context: GraphContext, id: string): Promise<AsyncIterableIterator<Job>> {
  const jobId = uuid(id, "jobId");
  const first = await readJob(context, jobId);
  if (!first) throw new BadInput(`jobId: there is no job ${jobId}.`, { field: "jobId" });
  return new JobStates(context, first);
}

const readers = new WeakMap<object, Map<string, DataLoader<string, Job | null>>>();

/** Jobs as they are now: all watchers of the process that are due at once are served by one statement. */
function freshJobs({ db, deps, projectId }: GraphContext): DataLoader<string, Job | null> {
  const ofDeps = readers.get(deps) ?? new Map<string, DataLoader<string, Job | null>>();
  readers.set(deps, ofDeps);
  const known = ofDeps.get(projectId);
  if (known) return known;
  const reader = new DataLoader<string, Job | null>(
    async (ids) => {
      const jobs = await db
        .getRepository(Job)
        .createQueryBuilder("t")
        .where("t.id = any(:ids) and t.project_id = :projectId", { ids: [...new Set(ids)], projectId })
        .getMany();
      const byId = new Map(jobs.map((job) => [job.id, job]));
      return ids.map((id) => byId.get(id) ?? null);
    },
    // Not kept: the next event wants the next state. Timers that are due together run before the next immediate.
    { cache: false, batchScheduleFn: (send) => void setImmediate(send) },
  );
  ofDeps.set(projectId, reader);
  return reader;
}

class JobStates implements AsyncIterableIterator<Job> {
  readonly #context: GraphContext;
  readonly #jobId: string;
  readonly #stopWatching: () => void;
  #next: Job | null;
  #lastAt = 0;
  #ended = false;
  /** The job may have changed, or nobody wants more. */
  readonly #wake = new Signal();

  constructor(context: GraphContext, first: Job) {
    this.#context = context;
    this.#jobId = first.id;
    this.#next = first;
    this.#wake.raise(); // What has changed since `first` was read, nobody has told.
    this.#stopWatching = context.stream.watch(context.projectId, first.collectionId, () => this.#wake.raise());
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<Job>> {
    if (this.#next) return this.#give(this.#next);
    while (!this.#ended) {
      await this.#wake.wait();
      await this.#interval();
      if (this.#ended) break;
      const job = await this.#read();
      if (job) return this.#give(job);
    }
    return { done: true, value: undefined };
  }

  async return(): Promise<IteratorResult<Job>> {
    this.#ended = true;
    this.#stopWatching();
    this.#wake.raise();
    return { done: true, value: undefined };
  }

  /** In a context of its own for each event: a loader would give the state of the one before. */
  async #read(): Promise<Job | null> {
    const context = createContext(this.#context, this.#context.principal, this.#context.signal);
    context.loaders.job.prime(this.#jobId, await freshJobs(context).load(this.#jobId));
    return readJob(context, this.#jobId);
  }

  /** A settled job is the last state. */
  #give(job: Job): IteratorResult<Job> {
    this.#next = null;
    this.#lastAt = Date.now();
    if (job.finishedAt !== null) void this.return(); // It only stops watching, and can't fail.
    return { done: false, value: job };
  }

  /** Until the next state may be given, or the iterator ends. The read that follows sees what changed meanwhile. */
  async #interval(): Promise<void> {
    for (let earlyMs = 0; !this.#ended;) {
      earlyMs = this.#lastAt + MIN_INTERVAL_MS - Date.now();
      if (earlyMs <= 0) break;
      await this.#wake.wait(earlyMs);
    }
    this.#wake.clear();
  }
}
