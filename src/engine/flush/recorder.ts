import { randomUUID } from "node:crypto";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { DataSource } from "typeorm";
import { SingleFlight } from "../../async/single-flight.js";
import { sqlStateOf } from "../../database/transaction.js";
import { messageOf } from "../../errors.js";
import { failpoint } from "../../failpoint.js";
import type { Cause } from "../../lifecycle/reasons.js";
import type { TaskStatus } from "../../lifecycle/status.js";
import { convergeFailures, flushChanges, flushSeconds, refusedWrites } from "../../metrics.js";
import { toJson, wantedOf, type TaskCommand } from "./task-command.js";
import type { Claim } from "./claim.js";
import { Claims, type ClaimRequest } from "./claims.js";
import type { DueTask } from "./hints.js";
import { pauseAfter } from "./try-again.js";

export interface Recorded {
  readonly status: TaskStatus;
  readonly fence: string;
}

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
}

interface Waiting {
  readonly command: TaskCommand;
  readonly changeId: string;
  readonly json: string;
  readonly resolve: (recorded: Recorded | null) => void;
  readonly reject: (error: unknown) => void;
}
interface FlushAnswer {
  readonly applied: readonly { task: string; change: string; status: TaskStatus; fence: string }[];
  /** Nothing of these has been recorded: somebody else holds their collections alone. */
  readonly held: readonly { task: string; collection: string }[];
  readonly due: DueTask[];
  readonly convergeErrors: readonly { jobId: string; code: string; message: string }[];
}

/** Two flushes in flight keep the database busy while an answer travels; more only wait for each other's locks. */
const MAX_IN_FLIGHT = 2;
const MAX_BATCH = 200;
/** Fewer are not worth a flush of their own. */
const MIN_SHARE = 50;
/**
 * Flushes that wait for a collection which somebody else holds alone, beside those in flight: each takes a connection.
 * One that has waited for as long as a session may makes room for another collection's.
 */
const MAX_WAITING_LANES = 3;
/** Raised by show_results. */
const OUTPUT_REFUSED = "HW422";

/**
 * Commits many tasks' changes in one statement: all that wait while the previous flush is in flight. A promise per
 * command settles after the commit: with what was recorded, or with null when the lease had gone (the write is then
 * kept in `refused_write` as evidence). Never gives up on a lost connection: the batch is sent again as it was.
 */
export class Recorder {
  readonly #options: RecorderOptions;
  #waiting: Waiting[] = [];
  readonly #claims: Claims;
  /** By collection: what came back because somebody else holds it alone. */
  readonly #lanes = new Map<string, Waiting[]>();
  readonly #busyLanes = new Set<string>();
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

  record(command: TaskCommand): Promise<Recorded | null> {
    return new Promise((resolve, reject) => {
      const changeId = randomUUID();
      this.#waiting.push({ command, changeId, json: toJson(command, changeId), resolve, reject });
      this.#schedule();
    });
  }

  /** Takes up to `limit` due tasks, in a transaction of its own; of equal jobs those with a hinted task first. */
  claim(request: ClaimRequest): Promise<Claim[]> {
    return this.#claims.take(request);
  }

  /** Ends waiting for a database that does not come back: what is in flight is given up with an error. */
  close(): void {
    this.#closed = true;
    this.#claims.close();
  }

  #schedule(): void {
    if (this.#inFlight < MAX_IN_FLIGHT) this.#turns.run();
  }

  #next(): void {
    if (this.#inFlight >= MAX_IN_FLIGHT || this.#waiting.length === 0) return;
    // Shared among the flushes that may go: the database does much of two side by side.
    const share = Math.ceil(this.#waiting.length / (MAX_IN_FLIGHT - this.#inFlight));
    const batch = this.#waiting.splice(0, Math.min(MAX_BATCH, Math.max(share, MIN_SHARE)));
    this.#inFlight += 1;
    void this.#flush(batch, null).finally(() => {
      this.#inFlight -= 1;
      this.#schedule();
    });
    this.#schedule();
  }

  /** One flush a collection waits in its lane, so that what is held up holds up nobody else. */
  #nextLane(): void {
    for (const [collection, waiting] of this.#lanes) {
      if (this.#busyLanes.size >= MAX_WAITING_LANES) return;
      if (this.#busyLanes.has(collection)) continue;
      const batch = waiting.splice(0, MAX_BATCH);
      if (waiting.length === 0) this.#lanes.delete(collection);
      this.#busyLanes.add(collection);
      void this.#flush(batch, collection).finally(() => {
        this.#busyLanes.delete(collection);
        this.#nextLane();
      });
    }
  }

  /** To the end of the line: of each collection's changes, and of the collections. */
  #toLane(collection: string, batch: readonly Waiting[]): void {
    const waiting = this.#lanes.get(collection) ?? [];
    this.#lanes.delete(collection);
    this.#lanes.set(collection, [...waiting, ...batch]);
  }

  /** Settles every promise of the batch, whatever happens, or sees that another flush does. `lane`: the collection it waits for. */
  async #flush(batch: readonly Waiting[], lane: string | null): Promise<void> {
    const startedAt = performance.now();
    try {
      const answer = await this.#send(batch, lane !== null);
      flushSeconds.observe((performance.now() - startedAt) / 1_000);
      flushChanges.observe(batch.length);
      convergeFailures.inc(answer.convergeErrors.length);
      for (const { jobId, code, message } of answer.convergeErrors) {
        this.#options.onError(new Error(`${code}: ${message}`), `converging job ${jobId}`);
      }
      const applied = new Map(answer.applied.map((row) => [row.change, row]));
      const held = new Map(answer.held.map(({ task, collection }) => [task, collection]));
      for (const waiting of batch) {
        const row = applied.get(waiting.changeId);
        const collection = held.get(waiting.command.taskId);
        if (row) waiting.resolve({ status: row.status, fence: row.fence });
        else if (collection !== undefined) this.#toLane(collection, [waiting]);
        else await this.#settleUnapplied(waiting);
      }
      if (held.size > 0) this.#nextLane();
      if (answer.due.length > 0) this.#options.onDue(answer.due);
    } catch (error) {
      if (lane !== null && isHeld(error) && !this.#closed) this.#toLane(lane, batch);
      else if (isDataError(error)) await this.#halve(batch, lane, error);
      else for (const waiting of batch) waiting.reject(error);
    }
  }

  /** One command can't fail another: the batch is halved until the culprit stands alone, and that one fails its own task. */
  async #halve(batch: readonly Waiting[], lane: string | null, error: unknown): Promise<void> {
    if (batch.length > 1) {
      const middle = Math.ceil(batch.length / 2);
      await this.#flush(batch.slice(0, middle), lane);
      await this.#flush(batch.slice(middle), lane);
      return;
    }
    const [alone] = batch;
    if (!alone) return;
    this.#options.onError(error, `recording ${alone.command.kind} of task ${alone.command.taskId}`);
    if (alone.command.kind === "end" && alone.command.cause === "OUTPUT_UNSTORABLE") return alone.reject(error);
    const { taskId, fence } = alone.command;
    this.record({ kind: "end", taskId, fence, ...whyRefused(error) }).then(alone.resolve, alone.reject);
  }

  /** @param waits for collections that somebody else holds alone; what is of theirs comes back else */
  async #send(batch: readonly Waiting[], waits: boolean): Promise<FlushAnswer> {
    const { db, actor, workerId, crashLimit, onError } = this.#options;
    const changes = `[${batch.map(({ json }) => json).join(",")}]`;
    for (;;) {
      try {
        await failpoint("flush.before_send");
        const rows: { answer: FlushAnswer }[] = await db.query(
          "select headway.record_changes($1, $2, $3, $4, $5, null, $6) as answer",
          [actor.type, actor.name, workerId, crashLimit, changes, waits],
        );
        const answer = rows[0]!.answer;
        if (answer.applied.length > 0) await failpoint("flush.after_commit");
        return answer;
      } catch (error) {
        if (waits && isHeld(error)) throw error;
        // A worker keeps its results until there is room for them; the sweep looks again instead, at what is true by then.
        const waitsForRoom = workerId !== null;
        await pauseAfter(error, {
          doing: "flushing; trying again",
          isClosed: this.#closed,
          waitsForRoom,
          repeatsLate: true,
          onError,
        });
      }
    }
  }

  /** No row: either the answer to an earlier try was lost, and the command stands in the history, or the lease has gone. */
  async #settleUnapplied({ command, changeId, resolve, reject }: Waiting): Promise<void> {
    const { db, actor } = this.#options;
    try {
      const rows: { status: TaskStatus; fence: string }[] = await db.query(
        `select to_status as status, fence::text as fence from headway.status_change where entity_id = $1 and change_id = $2`,
        [command.taskId, changeId],
      );
      if (rows[0]) return resolve(rows[0]);
      if (actor.type === "WORKER") {
        await db.query(
          `insert into headway.refused_write (project_id, task_id, worker, fence, wanted, stage, change_id)
           select project_id, id, $2, $3::bigint, $4, $5, $6::uuid from headway.task where id = $1 on conflict (change_id) do nothing`,
          [
            command.taskId,
            actor.name,
            command.fence,
            wantedOf(command),
            "stage" in command ? command.stage : null,
            changeId,
          ],
        );
        refusedWrites.inc();
      }
      resolve(null);
    } catch (error) {
      reject(error);
    }
  }
}

/** It has waited for a lock for as long as a session may. */
function isHeld(error: unknown): boolean {
  return sqlStateOf(error) === "55P03";
}

function isDataError(error: unknown): boolean {
  const state = sqlStateOf(error);
  return state !== null && (/^(22|23|54)/.test(state) || state === "P0001" || state === "53200" || isRefusal(state));
}

/** The database found something else staged than the stage's check had accepted. */
function isRefusal(state: string | null): boolean {
  return state === OUTPUT_REFUSED;
}

function whyRefused(error: unknown): { readonly cause: Cause; readonly message: string } {
  return isRefusal(sqlStateOf(error))
    ? { cause: "OUTPUT_REJECTED", message: messageOf(error) }
    : { cause: "OUTPUT_UNSTORABLE", message: `The stage's result can't be stored: ${messageOf(error)}` };
}
