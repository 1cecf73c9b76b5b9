import type { DataSource } from "typeorm";
import { withDeadline } from "../async/with-deadline.js";
import type { Travelling } from "../engine/flush/send-flush.js";
import { toStorableJson, toStorableMessage } from "../engine/storable.js";
import { messageOf } from "../errors.js";
import { STAGE_LOG_LEVELS } from "../model/log-levels.js";
import type { StageLogger } from "../pipelines/pipeline.js";

/** Of what a task's log keeps in all; more of one second's lines would be dropped there anyway. */
const MAX_LINES = 1_000;
const MAX_BYTES = 262_144;
/** Larger ones are told by their size. */
const MAX_FIELDS_BYTES = 16_384;
/** Of all that is sent at once. */
const MAX_SENT_BYTES = 1_000_000;
/** Lines that no flush takes along are sent after so long; and those of one claim no sooner again. */
const LATEST_MS = 1_000;
const CLOSE_DEADLINE_MS = 1_000;

interface Line {
  readonly seq: number;
  readonly atMs: number;
  readonly level: number;
  readonly stage: string;
  readonly attempt: number;
  readonly message: string;
  readonly fieldsJson: string;
  readonly bytes: number;
}

/** The log of one claim: its lines are numbered, those that are dropped as well. */
export class ClaimLog {
  readonly taskId: string;
  readonly #fence: string;
  readonly #onLine: () => void;
  #waiting: Line[] = [];
  #bytes = 0;
  #lastSeq = 0;
  #takenAtMs = -Infinity;

  constructor(claim: { readonly taskId: string; readonly fence: string }, onLine: () => void) {
    this.taskId = claim.taskId;
    this.#fence = claim.fence;
    this.#onLine = onLine;
  }

  /** A logger whose lines are kept under this stage; what is to be hidden has been. */
  at(stage: string, attempt: number): StageLogger {
    const of = (level: number) => (fields: object, message: string) => {
      const fieldsJson = jsonOf(fields);
      const said = toStorableMessage(message);
      this.#lastSeq += 1;
      const bytes = Buffer.byteLength(said) + Buffer.byteLength(fieldsJson);
      this.#keep([
        { seq: this.#lastSeq, atMs: performance.now(), level, stage, attempt, message: said, fieldsJson, bytes },
      ]);
      this.#onLine();
    };
    const [debug, info, warn, error] = STAGE_LOG_LEVELS.map((_, place) => of(place + 1));
    return { debug: debug!, info: info!, warn: warn!, error: error! };
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Not since a second. */
  get isDue(): boolean {
    return performance.now() - this.#takenAtMs >= LATEST_MS;
  }

  /** Takes all that waits. */
  take(): Line[] {
    this.#takenAtMs = performance.now();
    this.#bytes = 0;
    return this.#waiting.splice(0);
  }

  /** Puts back what was taken and not sent. */
  putBack(lines: readonly Line[]): void {
    const later = this.take();
    this.#keep([...lines, ...later]);
  }

  json(lines: readonly Line[], nowMs: number): string {
    const all = lines.map(({ atMs, fieldsJson, ...line }) => {
      const age = Math.max(0, Math.round(nowMs - atMs));
      return `${JSON.stringify({ ...line, age }).slice(0, -1)},"fields":${fieldsJson}}`;
    });
    const { taskId, fence } = { taskId: this.taskId, fence: this.#fence };
    return `{"task":${JSON.stringify(taskId)},"fence":${fence},"lines":[${all.join(",")}]}`;
  }

  /** The newest stay. */
  #keep(lines: readonly Line[]): void {
    this.#waiting.push(...lines);
    for (const { bytes } of lines) this.#bytes += bytes;
    let dropped = 0;
    while (this.#waiting.length - dropped > MAX_LINES || this.#bytes > MAX_BYTES) {
      this.#bytes -= this.#waiting[dropped]!.bytes;
      dropped += 1;
    }
    this.#waiting.splice(0, dropped);
  }
}

function jsonOf(fields: object): string {
  try {
    if (Object.keys(fields ?? {}).length === 0) return "null";
    const json = toStorableJson(fields, "log line");
    const bytes = Buffer.byteLength(json);
    return bytes <= MAX_FIELDS_BYTES ? json : JSON.stringify({ omitted: `fields of ${bytes} bytes` });
  } catch (error) {
    return JSON.stringify({ omitted: toStorableMessage(messageOf(error)) });
  }
}

/**
 * What the stages of a worker write to their logs, on its way into the database: with the next flush, or with all that waits
 * after a second. Never a statement for a line.
 */
export class TaskLogs {
  readonly #db: DataSource;
  readonly #onError: (error: unknown, doing: string) => void;
  readonly #withLines = new Set<ClaimLog>();
  #timer: NodeJS.Timeout | null = null;
  #sending: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(db: DataSource, onError: (error: unknown, doing: string) => void) {
    this.#db = db;
    this.#onError = onError;
  }

  of(claim: { readonly taskId: string; readonly fence: string }): ClaimLog {
    const log: ClaimLog = new ClaimLog(claim, () => {
      this.#withLines.add(log);
      this.#arm();
    });
    return log;
  }

  /**
   * What waits, for whoever sends something anyway; null where nothing does. Of each claim once a second, and with its end: a
   * flush is sent every few milliseconds, and keeps its locks while lines are written.
   */
  take(ending: ReadonlySet<string> = new Set()): Travelling | null {
    const taken: { readonly log: ClaimLog; readonly lines: Line[] }[] = [];
    let bytes = 0;
    for (const log of this.#withLines) {
      if (bytes > MAX_SENT_BYTES) break;
      if (!log.isDue && !this.#closed && !ending.has(log.taskId)) continue;
      bytes += log.bytes;
      taken.push({ log, lines: log.take() });
      this.#withLines.delete(log);
    }
    if (this.#withLines.size > 0) this.#arm();
    if (taken.length === 0) return null;
    return {
      json: () => {
        const nowMs = performance.now();
        return `[${taken.map(({ log, lines }) => log.json(lines, nowMs)).join(",")}]`;
      },
      putBack: () => {
        for (const { log, lines } of taken) {
          log.putBack(lines);
          this.#withLines.add(log);
        }
        this.#arm();
      },
    };
  }

  /** Sends what waits, within a second; nothing is sent after. */
  async close(): Promise<void> {
    this.#closed = true;
    if (this.#timer) clearTimeout(this.#timer);
    await withDeadline(
      "Sending logs",
      CLOSE_DEADLINE_MS,
      this.#sending.then(() => this.#send()),
    ).catch((error: unknown) => this.#onError(error, "sending the last lines of logs"));
  }

  #arm(): void {
    if (this.#closed || this.#timer !== null) return;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.#sending = this.#sending.then(() => this.#send());
    }, LATEST_MS);
    this.#timer.unref();
  }

  async #send(): Promise<void> {
    const lines = this.take();
    if (lines === null) return;
    try {
      await this.#db.query("select headway.keep_logs($1)", [lines.json()]);
    } catch (error) {
      // Kept, as far as there is room, for the next second.
      lines.putBack();
      this.#onError(error, "sending lines of logs");
    }
  }
}
