import type { SpanContext } from "@opentelemetry/api";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { DataSource } from "typeorm";
import { SingleFlight } from "../../async/single-flight.js";
import type { TaskStatus } from "../../lifecycle/status.js";
import { convergeFailures, flushChanges, flushSeconds } from "../../metrics.js";
import { spanNow, traced } from "../../tracing.js";
import type { Claim } from "./claim.js";
import { Claims, type ClaimRequest } from "./claims.js";
import type { DueTask } from "./hints.js";
import { Lanes } from "./lanes.js";
import { bytesOf, Line, splitBatch, taskOf, type Entry, type Recorded, type Runner, type TaskStep } from "./line.js";
import { findRecorded, isDataError, isHeld, keepRefused, whyRefused } from "./refused.js";
import { sendFlush, type Travelling } from "./send-flush.js";
import type { TaskCommand } from "./task-command.js";

export type { Recorded } from "./line.js";

export interface RecorderOptions {
  readonly db: DataSource;
  readonly actor: { readonly type: "WORKER" | "SYSTEM"; readonly name: string };
  /** The worker's id; null for the sweep, which claims nothing. */
  readonly workerId: string | null;
  readonly leaseMs: number;
  readonly crashLimit: number;
  /** Collection tasks that a flush has made due. */
  readonly onDue: (due: DueTask[]) => void;
  readonly onError: (error: unknown, doing: string) => void;
  /** What goes along with the next flush, which ends these tasks; null where nothing does. */
  readonly takeLogs?: (ending: ReadonlySet<string>) => Travelling | null;
}

/** Two flushes in flight keep the database busy while an answer travels; more only wait for each other's locks. */
const MAX_IN_FLIGHT = 2;
const MAX_BATCH = 200;
/** Fewer are not worth a flush of their own. */
const MIN_SHARE = 50;
/** What a change leads to where nothing else is told. */
const EXPECTED = { stage: "RUNNING", hand_on: "QUEUED", complete: "COMPLETED", skip: "SKIPPED" } as const;

/**
 * Commits many tasks' changes in one statement: all that wait while the previous flush is in flight, and of each task
 * all its steps. A promise per change settles after the commit: with what was recorded, or with null when the lease had
 * gone (the write is then kept in `refused_write` as evidence). Never gives up on a lost connection: the batch is sent
 * again as it was.
 */
export class Recorder {
  readonly #options: RecorderOptions;
  readonly #claims: Claims;
  readonly #lines = new Map<string, Line>();
  /** Lines that have something to send and nothing under way. */
  #queue: Line[] = [];
  readonly #lanes = new Lanes((batch, collection) => this.#flush(batch, collection), MAX_BATCH);
  #inFlight = 0;
  /** A turn of the event loop lets everything that is ready now travel together. */
  readonly #turns = new SingleFlight(
    async () => {
      await nextTurn();
      this.#next();
    },
    (error: unknown) => this.#options.onError(error, "beginning a flush"),
  );
  #closed = false;

  constructor(options: RecorderOptions) {
    this.#options = options;
    this.#claims = new Claims(options);
  }

  /** In the order of the calls for each claim. */
  record(command: TaskCommand): Promise<Recorded | null> {
    const line = this.#lineOf(command.taskId, command.fence);
    if (line.ending) return line.ending.then(() => null);
    return this.#add(line, command);
  }

  /** Takes up to `limit` due tasks by turns, in a transaction of its own. */
  claim(request: ClaimRequest): Promise<Claim[]> {
    return this.#claims.take(request);
  }

  /** Whether the last claim has taken less than it might have: asking again at once may take more. */
  get hasMoreToClaim(): boolean {
    return this.#claims.hasMore;
  }

  /** Whether suspects were due at the last claim that asked for that. */
  get suspectsWait(): boolean {
    return this.#claims.hasSuspects;
  }

  /** After how long a limit by rate allows more, where something waits for it; else Infinity. */
  get limitOpensInMs(): number {
    return this.#claims.limitOpensInMs;
  }

  /** Says who runs a claim whose stages may begin before the one before has been recorded. End it with `forget`. */
  watch({ taskId, fence }: Pick<Claim, "taskId" | "fence">, runner: Runner): void {
    this.#lineOf(taskId, fence).runner = runner;
  }

  forget({ taskId, fence }: Pick<Claim, "taskId" | "fence">): void {
    const key = keyOf(taskId, fence);
    const line = this.#lines.get(key);
    if (!line) return;
    line.runner = null;
    if (line.isIdle && !line.ending) this.#lines.delete(key);
  }

  /** What of this claim is not recorded yet: how many steps, how large their outputs, how old the first. */
  unrecorded({ taskId, fence }: Pick<Claim, "taskId" | "fence">): ReturnType<Line["unrecorded"]> {
    const line = this.#lines.get(keyOf(taskId, fence));
    return line ? line.unrecorded(performance.now()) : { steps: 0, bytes: 0, ageMs: 0 };
  }

  /** Ends waiting for a database that does not come back: what is in flight is given up with an error. */
  close(): void {
    this.#closed = true;
    this.#claims.close();
  }

  #lineOf(taskId: string, fence: string): Line {
    const key = keyOf(taskId, fence);
    let line = this.#lines.get(key);
    if (!line) this.#lines.set(key, (line = new Line(this.#options.actor.type === "WORKER")));
    return line;
  }

  #add(line: Line, command: TaskCommand): Promise<Recorded | null> {
    return new Promise((resolve, reject) => {
      line.add({ command, atMs: performance.now(), span: spanNow(), resolve, reject });
      this.#enqueue(line);
    });
  }

  #enqueue(line: Line): void {
    if (!line.isQueued && !line.isUnderWay && line.waiting.length > 0) {
      line.isQueued = true;
      this.#queue.push(line);
    }
    this.#schedule();
  }

  #schedule(): void {
    if (this.#inFlight < MAX_IN_FLIGHT && this.#queue.length > 0) this.#turns.run();
  }

  #next(): void {
    if (this.#inFlight >= MAX_IN_FLIGHT || this.#queue.length === 0) return;
    // Shared among the flushes that may go: the database does much of two side by side.
    const share = Math.ceil(this.#queue.length / (MAX_IN_FLIGHT - this.#inFlight));
    const [lines, rest] = splitBatch(
      this.#queue,
      Math.min(MAX_BATCH, Math.max(share, MIN_SHARE)),
      ({ waiting }) => waiting[0]!.command.taskId,
      ({ waiting }) => bytesOf(waiting),
    );
    this.#queue = rest;
    const batch = lines.map((line) => {
      line.isQueued = false;
      return line.take();
    });
    this.#inFlight += 1;
    void this.#flush(batch, null).finally(() => {
      this.#inFlight -= 1;
      this.#schedule();
    });
    this.#schedule();
  }

  /** Settles every promise of the batch, whatever happens, or sees that another flush does. `lane`: the collection it waits for. */
  async #flush(batch: readonly Entry[], lane: string | null): Promise<void> {
    const startedAt = performance.now();
    // Those of all tasks would wait with it for one collection.
    const logs = lane === null ? (this.#options.takeLogs?.(endingIn(batch)) ?? null) : null;
    try {
      const how = { waits: lane !== null, isClosed: () => this.#closed, logs };
      const answer = await traced("flush", { parent: null, links: spansOf(batch) }, () =>
        sendFlush(this.#options, batch, how),
      );
      flushSeconds.observe((performance.now() - startedAt) / 1_000);
      flushChanges.observe(batch.reduce((sum, { steps }) => sum + steps.length, 0));
      convergeFailures.inc(answer.convergeErrors.length);
      for (const { jobId, code, message } of answer.convergeErrors) {
        this.#options.onError(new Error(`${code}: ${message}`), `converging job ${jobId}`);
      }
      const [refused, cancelled] = [new Set(answer.refused), new Set(answer.cancelRequested)];
      const ended = new Map(answer.ended.map(({ task, status }) => [task, status]));
      const held = new Map(answer.held.map(({ task, collection }) => [task, collection]));
      for (const entry of batch) {
        const task = taskOf(entry);
        const collection = held.get(task);
        if (collection !== undefined) this.#lanes.add(collection, [entry]);
        else if (refused.has(task)) await this.#settleRefused(entry);
        else this.#settle(entry, ended.get(task) ?? null, cancelled.has(task));
      }
      if (held.size > 0) this.#lanes.next();
      if (answer.due.length > 0) this.#options.onDue(answer.due);
    } catch (error) {
      if (lane !== null && isHeld(error) && !this.#closed) this.#lanes.add(lane, batch);
      else if (isDataError(error)) await this.#halve(batch, lane, error);
      else for (const entry of batch) this.#fail(entry, error);
    }
  }

  /** One task can't fail another: the batch is halved until the culprit stands alone, and so are its steps. */
  async #halve(batch: readonly Entry[], lane: string | null, error: unknown): Promise<void> {
    if (batch.length > 1) {
      const middle = Math.ceil(batch.length / 2);
      await this.#flush(batch.slice(0, middle), lane);
      await this.#flush(batch.slice(middle), lane);
      return;
    }
    const [entry] = batch;
    if (!entry) return;
    if (entry.steps.length > 1) {
      entry.line.halve(entry);
      this.#enqueue(entry.line);
      return;
    }
    const step = entry.steps[0]!;
    this.#options.onError(error, `recording ${step.command.kind} of task ${step.command.taskId}`);
    if (step.command.kind === "end" && step.command.cause === "OUTPUT_UNSTORABLE") this.#fail(entry, error);
    else entry.line.ending = this.#endRefused(entry.line, step, error);
  }

  /** A step that can't be stored becomes its task's end. What came after it counts for nothing, and is stopped first. */
  async #endRefused(line: Line, step: TaskStep, error: unknown): Promise<void> {
    const dropped = line.drop();
    const { taskId, fence } = step.command;
    try {
      await line.runner?.stop();
      step.resolve(await this.#add(line, { kind: "end", taskId, fence, ...whyRefused(error) }));
      for (const later of dropped) later.resolve(null);
    } catch (failure) {
      for (const unsettled of [step, ...dropped]) unsettled.reject(failure);
    }
  }

  /** @param status what the last step led to, where it is not what was asked for */
  #settle(entry: Entry, status: TaskStatus | null, isCancelRequested: boolean): void {
    const { line, steps } = entry;
    line.confirm(entry);
    for (const [place, { command, resolve }] of steps.entries()) {
      const isLast = place === steps.length - 1;
      const expected = command.kind === "end" || command.kind === "deadline" ? "CANCELLED" : EXPECTED[command.kind];
      resolve({
        status: (isLast ? status : null) ?? expected,
        fence: command.fence,
        isCancelRequested,
        sentAtMs: entry.sentAtMs ?? performance.now(),
      });
    }
    if (!line.isIdle) this.#enqueue(line);
    else if (steps[steps.length - 1]!.command.kind !== "stage") this.#remove(entry);
  }

  /** Either the answer to an earlier try was lost, and the steps stand in the history, or the lease has gone. */
  async #settleRefused(entry: Entry): Promise<void> {
    const { db, actor } = this.#options;
    try {
      const status = await findRecorded(db, entry);
      if (status !== null) return this.#settle(entry, status, false);
      if (actor.type === "WORKER") await keepRefused(db, entry, actor.name);
      this.#remove(entry);
      for (const { resolve } of [...entry.steps, ...entry.line.drop()]) resolve(null);
    } catch (error) {
      this.#fail(entry, error);
    }
  }

  #fail(entry: Entry, error: unknown): void {
    this.#remove(entry);
    for (const { reject } of [...entry.steps, ...entry.line.drop()]) reject(error);
  }

  /** Nothing more will be recorded under this claim; what is tried all the same is refused by its numbers. */
  #remove({ steps }: Entry): void {
    const { taskId, fence } = steps[0]!.command;
    this.#lines.delete(keyOf(taskId, fence));
  }
}

/** The tasks that their worker is done with. */
const endingIn = (batch: readonly Entry[]): ReadonlySet<string> =>
  new Set(batch.filter(({ steps }) => steps[steps.length - 1]!.command.kind !== "stage").map(taskOf));

/** Of the tasks whose steps these are. */
const spansOf = (batch: readonly Entry[]): SpanContext[] =>
  batch.flatMap(({ steps }) => steps.flatMap(({ span }) => (span ? [span] : [])));

const keyOf = (taskId: string, fence: string): string => `${taskId} ${fence}`;
