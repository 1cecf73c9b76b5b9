import { requireOperator } from "../../access/principal.js";
import { Signal } from "../../async/signal.js";
import { readLogs, type LogLevelName } from "../../engine/read/task-logs.js";
import { BadInput } from "../../errors.js";
import type { LogEntry } from "../../model/log-entry.js";
import type { GraphContext } from "../context.js";
import { uuid } from "../ids.js";

/** Lines come at most once a second. */
const LOOK_EVERY_MS = 1_000;
/** Every commit in the collection says that there may be some; they are looked for no more often than so. */
const MIN_INTERVAL_MS = 500;
const PAGE = 100;

interface LogArgs {
  readonly taskId: string;
  readonly after?: string | null;
  readonly minLevel?: LogLevelName | null;
}

/** A task's lines: those that are there, then each as it comes, to the task's end. @throws {BadInput, AccessDenied} */
export async function logLines(context: GraphContext, args: LogArgs): Promise<AsyncIterableIterator<LogEntry>> {
  requireOperator(context.principal);
  const taskId = uuid(args.taskId, "taskId");
  const task = await context.loaders.task.load(taskId);
  if (!task) throw new BadInput(`taskId: there is no task ${taskId}.`, { field: "taskId" });
  const lines = new LogLines(context, task, args);
  // A cursor that is none is refused now, and not at the first line.
  try {
    await lines.look();
  } catch (error) {
    await lines.return();
    throw error;
  }
  return lines;
}

/** An iterator and no generator: `return()` ends the wait at once. */
class LogLines implements AsyncIterableIterator<LogEntry> {
  readonly #context: GraphContext;
  readonly #taskId: string;
  readonly #minLevel: LogLevelName | null;
  readonly #stopWatching: () => void;
  readonly #wake = new Signal();
  /** Raised at the end alone. */
  readonly #over = new Signal();
  #after: string | null;
  #lines: LogEntry[] = [];
  #ended = false;
  #isSettled = false;

  constructor(
    context: GraphContext,
    task: { readonly id: string; readonly collectionId: string },
    { after = null, minLevel = null }: LogArgs,
  ) {
    this.#context = context;
    this.#taskId = task.id;
    this.#after = after;
    this.#minLevel = minLevel;
    this.#stopWatching = context.stream.watch(context.projectId, task.collectionId, () => this.#wake.raise());
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<LogEntry>> {
    while (!this.#ended) {
      const value = this.#lines.shift();
      if (value) return { done: false, value };
      // What came with the task's end, or after the last look, is read before the stream ends.
      const wasSettled = this.#isSettled;
      if ((await this.#lookOrEnd()) > 0) continue;
      if (wasSettled) await this.return();
      else if (!this.#isSettled) {
        const lookedAt = performance.now();
        await this.#wake.wait(LOOK_EVERY_MS);
        const early = MIN_INTERVAL_MS - (performance.now() - lookedAt);
        if (early > 0 && !this.#ended) await this.#over.wait(early);
      }
    }
    return { done: true, value: undefined };
  }

  async return(): Promise<IteratorResult<LogEntry>> {
    this.#ended = true;
    this.#stopWatching();
    this.#wake.raise();
    this.#over.raise();
    return { done: true, value: undefined };
  }

  /** Nobody calls return() after a next() that failed. */
  async #lookOrEnd(): Promise<number> {
    try {
      return await this.look();
    } catch (error) {
      await this.return();
      throw error;
    }
  }

  /** How many more lines there were. */
  async look(): Promise<number> {
    const { db, projectId } = this.#context;
    const [task]: { settled: boolean }[] = await db.query(
      "select finished_at is not null as settled from headway.task where id = $1 and project_id = $2",
      [this.#taskId, projectId],
    );
    const asked = { after: this.#after, first: PAGE, minLevel: this.#minLevel };
    const read = <Row extends object>(sql: string, parameters: readonly unknown[]): Promise<Row[]> =>
      db.query(sql, [...parameters]);
    const found = (await readLogs(read, projectId, [this.#taskId], asked)).get(this.#taskId) ?? [];
    this.#isSettled = task?.settled ?? true;
    this.#lines.push(...found);
    this.#after = found.at(-1)?.cursor ?? this.#after;
    return found.length;
  }
}
