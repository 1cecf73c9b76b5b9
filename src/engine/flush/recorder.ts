import { randomUUID } from "node:crypto";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { DataSource } from "typeorm";
import { SingleFlight } from "../../async/single-flight.js";
import { countRetry, isConnectionLoss, isExhausted, isTransient, sqlStateOf } from "../../database/transaction.js";
import { messageOf } from "../../errors.js";
import { failpoint } from "../../failpoint.js";
import type { Cause } from "../../lifecycle/reasons.js";
import type { TaskStatus } from "../../lifecycle/status.js";
import { convergeFailures, flushChanges, flushSeconds, refusedWrites } from "../../metrics.js";
import { toJson, wantedOf, type TaskCommand } from "./task-command.js";
import type { Claim } from "./claim.js";
import type { DueTask } from "./hints.js";

export interface Recorded {
  readonly status: TaskStatus;
  readonly fence: string;
}

export interface ClaimRequest {
  /** A guess which tasks are due; may be empty. */
  readonly ids: readonly string[];
  readonly pipelines: readonly string[];
  readonly limit: number;
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
interface WaitingClaim {
  readonly request: ClaimRequest;
  readonly changeId: string;
  readonly resolve: (claims: Claim[]) => void;
  readonly reject: (error: unknown) => void;
}
interface FlushAnswer {
  readonly applied: readonly { task: string; change: string; status: TaskStatus; fence: string }[];
  readonly claims: Claim[];
  readonly due: DueTask[];
  readonly convergeErrors: readonly { jobId: string; code: string; message: string }[];
}

/** Two flushes in flight keep the database busy while an answer travels; more only wait for each other's locks. */
const MAX_IN_FLIGHT = 2;
const MAX_BATCH = 200;
/** Fewer are not worth a flush of their own. */
const MIN_SHARE = 50;
const RECONNECT_MS = 100;
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
  #claim: WaitingClaim | null = null;
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
  }

  record(command: TaskCommand): Promise<Recorded | null> {
    return new Promise((resolve, reject) => {
      const changeId = randomUUID();
      this.#waiting.push({ command, changeId, json: toJson(command, changeId), resolve, reject });
      this.#schedule();
    });
  }

  /** Takes up to `limit` due tasks, the hinted ones first among equals. One call at a time. */
  claim(request: ClaimRequest): Promise<Claim[]> {
    return new Promise((resolve, reject) => {
      this.#claim = { request, changeId: randomUUID(), resolve, reject };
      this.#schedule();
    });
  }

  /** Ends waiting for a database that does not come back: what is in flight is given up with an error. */
  close(): void {
    this.#closed = true;
  }

  #schedule(): void {
    if (this.#inFlight < MAX_IN_FLIGHT) this.#turns.run();
  }

  #next(): void {
    if (this.#inFlight >= MAX_IN_FLIGHT || (this.#waiting.length === 0 && this.#claim === null)) return;
    // Shared among the flushes that may go: the database does much of two side by side.
    const share = Math.ceil(this.#waiting.length / (MAX_IN_FLIGHT - this.#inFlight));
    const batch = this.#waiting.splice(0, Math.min(MAX_BATCH, Math.max(share, MIN_SHARE)));
    const claim = this.#claim;
    this.#claim = null;
    this.#inFlight += 1;
    void this.#flush(batch, claim).finally(() => {
      this.#inFlight -= 1;
      this.#schedule();
    });
    this.#schedule();
  }

  /** Settles every promise of the batch, whatever happens. */
  async #flush(batch: readonly Waiting[], claim: WaitingClaim | null): Promise<void> {
    const startedAt = performance.now();
    try {
      const answer = await this.#send(batch, claim);
      flushSeconds.observe((performance.now() - startedAt) / 1_000);
      flushChanges.observe(batch.length);
      convergeFailures.inc(answer.convergeErrors.length);
      for (const { jobId, code, message } of answer.convergeErrors) {
        this.#options.onError(new Error(`${code}: ${message}`), `converging job ${jobId}`);
      }
      const applied = new Map(answer.applied.map((row) => [row.change, row]));
      for (const waiting of batch) {
        const row = applied.get(waiting.changeId);
        if (row) waiting.resolve({ status: row.status, fence: row.fence });
        else await this.#settleUnapplied(waiting);
      }
      claim?.resolve(answer.claims);
      if (answer.due.length > 0) this.#options.onDue(answer.due);
    } catch (error) {
      if (isDataError(error)) await this.#halve(batch, claim, error);
      else {
        for (const waiting of batch) waiting.reject(error);
        claim?.reject(error);
      }
    }
  }

  /** One command can't fail another: the batch is halved until the culprit stands alone, and that one fails its own task. */
  async #halve(batch: readonly Waiting[], claim: WaitingClaim | null, error: unknown): Promise<void> {
    if (batch.length > 1 || (batch.length === 1 && claim !== null)) {
      const middle = Math.ceil(batch.length / 2);
      await this.#flush(batch.slice(0, middle), null);
      await this.#flush(batch.slice(middle), claim);
      return;
    }
    const [alone] = batch;
    if (!alone) return claim?.reject(error);
    this.#options.onError(error, `recording ${alone.command.kind} of task ${alone.command.taskId}`);
    if (alone.command.kind === "end" && alone.command.cause === "OUTPUT_UNSTORABLE") return alone.reject(error);
    const { taskId, fence } = alone.command;
    this.record({ kind: "end", taskId, fence, ...whyRefused(error) }).then(alone.resolve, alone.reject);
  }

  async #send(batch: readonly Waiting[], claim: WaitingClaim | null): Promise<FlushAnswer> {
    const { db, actor, workerId, leaseMs, crashLimit } = this.#options;
    const changes = `[${batch.map(({ json }) => json).join(",")}]`;
    let claimToMake = claim;
    let adopted: Claim[] = [];
    for (let lost = false; ;) {
      try {
        if (lost && claimToMake) {
          // The answer to the first try may have been lost after its commit: what it claimed is ours already.
          adopted = await this.#adopt(claimToMake);
          if (adopted.length > 0) claimToMake = null;
        }
        const claimJson =
          claimToMake && JSON.stringify({ ...claimToMake.request, change: claimToMake.changeId, leaseMs });
        await failpoint("flush.before_send");
        const rows: { answer: FlushAnswer }[] = await db.query(
          "select headway.record_changes($1, $2, $3, $4, $5, $6) as answer",
          [actor.type, actor.name, workerId, crashLimit, changes, claimJson],
        );
        const answer = rows[0]!.answer;
        if (answer.claims.length > 0) await failpoint("claim.after_commit");
        if (answer.applied.length > 0) await failpoint("flush.after_commit");
        return adopted.length > 0 ? { ...answer, claims: [...adopted, ...answer.claims] } : answer;
      } catch (error) {
        // A flush that ran into the statement's own time limit was rolled back whole, and may be sent again like the others.
        const isLate = sqlStateOf(error) === "57014";
        // A worker keeps its results until there is room for them; the sweep looks again instead, at what is true by then.
        const waitsForRoom = workerId !== null && isExhausted(error);
        if (this.#closed || !(isTransient(error) || isLate || isConnectionLoss(error) || waitsForRoom)) throw error;
        lost ||= isConnectionLoss(error);
        countRetry(error);
        this.#options.onError(error, "flushing; trying again");
        await new Promise((resolve) => setTimeout(resolve, RECONNECT_MS * (0.5 + Math.random())));
      }
    }
  }

  async #adopt(claim: WaitingClaim): Promise<Claim[]> {
    const rows: { claims: Claim[] }[] = await this.#options.db.query(
      `select headway.claimed(array(select id from headway.task where worker_id = $1 and change_id = $2 and status = 'RUNNING')) as claims`,
      [this.#options.workerId, claim.changeId],
    );
    return rows[0]!.claims;
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
            command.kind === "stage" ? command.stage : null,
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
