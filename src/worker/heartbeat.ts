import type { DataSource } from "typeorm";
import { SingleFlight } from "../async/single-flight.js";
import { withDeadline } from "../async/with-deadline.js";
import { toStorableMessage } from "../engine/storable.js";
import { failpoint } from "../failpoint.js";

/** One running claim, as the heartbeat sees it. */
export interface Beating {
  readonly taskId: string;
  readonly fence: string;
  stage: string;
  /** What the database knows as the present stage: progress of one that it does not know yet is kept for the next beat. */
  recordedStage: string;
  /** When the last renewal was sent that has been confirmed, by the monotonic clock: the lease runs longer than from then. */
  renewedAtMs: number;
  /** Of the present stage; only what is new since the last beat is sent. */
  progress: { fraction: number; message: string | null; isNew: boolean };
  /** The lease has gone: nothing may be written any more. */
  readonly onLost: () => void;
  readonly onCancelRequested: () => void;
}

const PROGRESS_MS = 1_000;

/**
 * Renews the leases of the claims it is given, carries their progress, and hears which were cancelled or lost.
 * One statement a beat; progress alone may bring a beat forward, at most once a second.
 */
export class Heartbeat {
  readonly #db: DataSource;
  readonly #options: { readonly workerId: string; readonly leaseMs: number; readonly heartbeatMs: number };
  readonly #running = new Map<string, Beating>();
  #timer: NodeJS.Timeout | null = null;
  #lastBeatAt = -Infinity;
  readonly #beats: SingleFlight;
  #stopped = false;

  constructor(
    db: DataSource,
    options: { readonly workerId: string; readonly leaseMs: number; readonly heartbeatMs: number },
    onError: (error: unknown, doing: string) => void,
  ) {
    this.#db = db;
    this.#options = options;
    this.#beats = new SingleFlight(
      () => this.#beatInTime(),
      (error) => onError(error, "renewing leases"),
    );
  }

  start(): void {
    this.#arm(this.#options.heartbeatMs);
  }

  /** No beat comes after. */
  async stop(): Promise<void> {
    this.#stopped = true;
    if (this.#timer) clearTimeout(this.#timer);
    await this.#beats.close();
  }

  add(claim: Beating): void {
    this.#running.set(claim.taskId, claim);
  }

  remove(claim: Beating): void {
    if (this.#running.get(claim.taskId) === claim) this.#running.delete(claim.taskId);
  }

  /** Something is to be told or heard before the next beat is due. */
  soon(delayMs = 0): void {
    if (this.#stopped) return;
    this.#arm(Math.max(0, delayMs));
  }

  /** Keeps progress monotonic within the stage, and sends it within a second. */
  report(claim: Beating, fraction: number, message: string | undefined): void {
    const bounded = Number.isFinite(fraction) ? Math.min(1, Math.max(0, fraction)) : 0;
    claim.progress = {
      fraction: Math.max(claim.progress.fraction, bounded),
      message: message === undefined ? claim.progress.message : toStorableMessage(message),
      isNew: true,
    };
    const dueInMs = this.#lastBeatAt + PROGRESS_MS - performance.now();
    if (dueInMs < this.#options.heartbeatMs) this.soon(dueInMs);
  }

  #arm(delayMs: number): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#beats.run(), delayMs);
  }

  async #beatInTime(): Promise<void> {
    const { heartbeatMs, leaseMs } = this.#options;
    try {
      // One that hangs must not keep the next from its time: behind it is another connection.
      await withDeadline("A heartbeat", Math.max(heartbeatMs, leaseMs / 3), this.#beat());
    } finally {
      // By the clock and not after a pause: on a slow disk a beat may take as long as its interval.
      if (!this.#stopped) this.#arm(Math.max(0, this.#lastBeatAt + heartbeatMs - performance.now()));
    }
  }

  async #beat(): Promise<void> {
    const sentAtMs = performance.now();
    this.#lastBeatAt = sentAtMs;
    const claims = [...this.#running.values()];
    const tasks = claims.map(({ taskId, fence, stage, recordedStage, progress }) => ({
      task: taskId,
      fence,
      stage,
      ...(progress.isNew && stage === recordedStage ? { progress: progress.fraction, message: progress.message } : {}),
    }));
    for (const claim of claims) if (claim.stage === claim.recordedStage) claim.progress.isNew = false;
    const rows: { answer: { lost: string[]; missed: string[]; cancelled: string[] } }[] = await this.#db.query(
      // The process beats here, the loop writes its own progress: so a worker that beats and does not move can be told.
      // Whoever holds that row is the loop of this very worker; its leases must not wait for that.
      `with beat as (
         update headway.worker set heartbeat_at = clock_timestamp()
         where id = (select id from headway.worker where id = $1 for no key update skip locked))
       select headway.heartbeat($1, $2, $3) as answer`,
      [this.#options.workerId, this.#options.leaseMs, JSON.stringify(tasks)],
    );
    await failpoint("heartbeat.after_commit");
    const { lost, missed, cancelled } = rows[0]!.answer;
    const unrenewed = new Set([...lost, ...missed]);
    for (const claim of claims)
      if (!unrenewed.has(claim.taskId)) claim.renewedAtMs = Math.max(claim.renewedAtMs, sentAtMs);
    const byId = new Map(claims.map((claim) => [claim.taskId, claim]));
    for (const id of lost) byId.get(id)?.onLost();
    for (const id of cancelled) byId.get(id)?.onCancelRequested();
  }
}
