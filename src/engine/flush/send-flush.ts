import type { DataSource } from "typeorm";
import { failpoint } from "../../failpoint.js";
import type { TaskStatus } from "../../lifecycle/status.js";
import type { DueTask } from "./hints.js";
import { entryJson, type Entry } from "./line.js";
import { isHeld } from "./refused.js";
import { pauseAfter } from "./try-again.js";

/** What record_changes tells; of the tasks it does not name everything has come as it was asked for. */
export interface FlushAnswer {
  readonly refused: readonly string[];
  readonly ended: readonly { readonly task: string; readonly status: TaskStatus }[];
  readonly cancelRequested: readonly string[];
  /** Nothing of these has been recorded: somebody else holds their collections alone. */
  readonly held: readonly { readonly task: string; readonly collection: string }[];
  readonly due: DueTask[];
  readonly convergeErrors: readonly { readonly jobId: string; readonly code: string; readonly message: string }[];
}

/** What goes along with a flush, in its statement and so in its transaction. */
export interface Travelling {
  /** As keep_logs takes it, as it is sent now. */
  readonly json: () => string;
  /** Called where it has not been sent. */
  readonly putBack: () => void;
}

export interface Sender {
  readonly db: DataSource;
  readonly actor: { readonly type: "WORKER" | "SYSTEM"; readonly name: string };
  readonly workerId: string | null;
  readonly crashLimit: number;
  readonly onError: (error: unknown, doing: string) => void;
}

const WITH_LOGS = `select headway.record_changes($1, $2, $3, $4, $5, $6) as answer, headway.keep_logs($7)`;

/**
 * Sends a batch until there is an answer: after a lost connection as it was, but for the ages of its steps.
 *
 * @param how.waits for collections that somebody else holds alone; what is of theirs comes back else
 */
export async function sendFlush(
  { db, actor, workerId, crashLimit, onError }: Sender,
  batch: readonly Entry[],
  how: { readonly waits: boolean; readonly isClosed: () => boolean; readonly logs: Travelling | null },
): Promise<FlushAnswer> {
  let { logs } = how;
  for (;;) {
    try {
      await failpoint("flush.before_send");
      const nowMs = performance.now();
      for (const entry of batch) entry.sentAtMs ??= nowMs;
      const changes = `[${batch.map((entry) => entryJson(entry, nowMs)).join(",")}]`;
      const flush = [actor.type, actor.name, workerId, crashLimit, changes, how.waits];
      const rows: { answer: FlushAnswer }[] =
        logs === null
          ? await db.query("select headway.record_changes($1, $2, $3, $4, $5, $6) as answer", flush)
          : await db.query(WITH_LOGS, [...flush, logs.json()]);
      const answer = rows[0]!.answer;
      if (answer.refused.length + answer.held.length < batch.length) await failpoint("flush.after_commit");
      return answer;
    } catch (error) {
      // Lines of a log are to hold up no change. What was kept of them is kept once.
      logs?.putBack();
      logs = null;
      if (how.waits && isHeld(error)) throw error;
      // A worker keeps its results until there is room for them; the sweep looks again instead, at what is true by then.
      const waitsForRoom = workerId !== null;
      await pauseAfter(error, {
        doing: "flushing; trying again",
        isClosed: how.isClosed(),
        waitsForRoom,
        repeatsLate: true,
        onError,
      });
    }
  }
}
