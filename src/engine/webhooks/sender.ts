import type { DataSource } from "typeorm";
import { failpoint } from "../../failpoint.js";
import { SingleFlight } from "../../async/single-flight.js";
import { withDeadline } from "../../async/with-deadline.js";
import { post, SEND_TIMEOUT_MS, type SendOptions } from "./send.js";
import { signedHeaders } from "./signing.js";

/** Deliveries that one process sends at once; of each host two, over all processes. */
const AT_ONCE = 20;
/** Longer than sending and recording take: after it another process may send it. */
const CLAIM_MS = SEND_TIMEOUT_MS + 10_000;
/** Stands behind `wake`: a notification that is lost costs this long. Batches of failed tasks and new tries wait for it. */
const POLL_MS = 1_000;
const BATCHES = 100;
/** After each failure; together about a day. The last one is followed by no other attempt. */
export const BACKOFF_MS = [5_000, 60_000, 300_000, 1_800_000, 7_200_000, 18_000_000, 25_200_000, 32_400_000] as const;
const MAX_RETRY_AFTER_MS = 3_600_000;
const GONE = 410;
const PRUNE_EVERY_MS = 600_000;
const PRUNE_STEP = 1_000;

interface Claimed {
  readonly id: string;
  readonly claim: string;
  readonly url: string;
  readonly payload: unknown;
  readonly tries: number;
  readonly secret: Buffer;
  readonly previous_secret: Buffer | null;
}

export interface SenderDeps {
  readonly db: DataSource;
  readonly send: SendOptions;
  readonly onError: (error: unknown, doing: string) => void;
  /** Default 1,000. */
  readonly pollMs?: number;
}

/**
 * Sends what webhooks are to be told, beside the sweep and on every instance: rows of the database say what is due, and
 * notifications only when to look. At least once, in no order. What a process had claimed that dies is sent by another.
 */
export class WebhookSender {
  readonly #deps: SenderDeps;
  readonly #sending = new Set<Promise<void>>();
  readonly #looks: SingleFlight;
  #timer: NodeJS.Timeout | null = null;
  #prunedAt = -Infinity;

  constructor(deps: SenderDeps) {
    this.#deps = deps;
    this.#looks = new SingleFlight(
      () => this.#look(),
      (error) => deps.onError(error, "looking for what webhooks are to be told"),
    );
  }

  start(): void {
    this.#timer = setInterval(() => this.#looks.run(), this.#deps.pollMs ?? POLL_MS);
    this.#looks.run();
  }

  /** To be called when the database tells that something was booked for webhooks. */
  wake(): void {
    this.#looks.run();
  }

  /** Claims nothing more; what is being sent has two seconds, and is sent again by another where that is too short. */
  async stop(): Promise<void> {
    if (this.#timer) clearInterval(this.#timer);
    const underWay = this.#looks.close().then(() => Promise.all(this.#sending));
    await withDeadline("Sending to webhooks", 2_000, underWay).catch((error: unknown) =>
      this.#deps.onError(error, "stopping to send to webhooks"),
    );
  }

  async #look(): Promise<void> {
    const { db } = this.#deps;
    await db.query("select headway.book_failed_tasks($1)", [BATCHES]);
    const free = AT_ONCE - this.#sending.size;
    if (free > 0) {
      const claimed: Claimed[] = await db.query("select * from headway.claim_deliveries($1, $2)", [free, CLAIM_MS]);
      for (const one of claimed) {
        const sent = this.#deliver(one)
          .catch((error: unknown) => this.#deps.onError(error, `sending delivery ${one.id} to a webhook`))
          .finally(() => {
            this.#sending.delete(sent);
            // What waited behind it need not wait for the next poll.
            this.#looks.run();
          });
        this.#sending.add(sent);
      }
    }
    if (performance.now() - this.#prunedAt > PRUNE_EVERY_MS) {
      const rows: { pruned: number }[] = await db.query("select headway.prune_deliveries($1) as pruned", [PRUNE_STEP]);
      if (rows[0]!.pruned < PRUNE_STEP) this.#prunedAt = performance.now();
    }
  }

  async #deliver({ id, claim, url, payload, tries, secret, previous_secret: previous }: Claimed): Promise<void> {
    await failpoint("webhook.after_claim");
    const at = new Date();
    const began = performance.now();
    const body = JSON.stringify(payload);
    const headers = signedHeaders(id, body, at, previous === null ? [secret] : [secret, previous]);
    const { status, error, retryAfterMs } = await post(url, body, headers, this.#deps.send);
    await failpoint("webhook.after_send");
    const nextMs = error === null ? null : nextAfter(tries, retryAfterMs);
    await this.#deps.db.query("select headway.record_attempt($1, $2, $3, $4, $5, $6, $7, $8)", [
      id,
      claim,
      at,
      Math.round(performance.now() - began),
      status,
      error,
      nextMs,
      status === GONE,
    ]);
    await failpoint("webhook.after_record");
  }
}

/** When to try again after so many tries before; null for no more. A receiver may ask for up to an hour. */
function nextAfter(tries: number, retryAfterMs: number | null): number | null {
  const backoff = BACKOFF_MS[tries];
  if (backoff === undefined) return null;
  return Math.max(backoff * (0.9 + 0.2 * Math.random()), Math.min(retryAfterMs ?? 0, MAX_RETRY_AFTER_MS));
}
