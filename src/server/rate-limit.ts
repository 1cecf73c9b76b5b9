/** How often one key may ask: so many requests a second, and as many at once after a pause of a second. */
export class RateLimit {
  readonly #perSecond: number;
  readonly #buckets = new Map<string, { tokens: number; at: number }>();

  constructor(perSecond: number) {
    this.#perSecond = perSecond;
  }

  /** Null when the request may pass, which counts it; else the milliseconds after which another may. */
  take(id: string): number | null {
    const now = performance.now();
    if (this.#buckets.size > MAX_BUCKETS) this.#forgetFull(now);
    const bucket = this.#buckets.get(id) ?? { tokens: this.#perSecond, at: now };
    bucket.tokens = Math.min(this.#perSecond, bucket.tokens + ((now - bucket.at) / 1_000) * this.#perSecond);
    bucket.at = now;
    this.#buckets.set(id, bucket);
    if (bucket.tokens < 1) return Math.ceil(((1 - bucket.tokens) / this.#perSecond) * 1_000);
    bucket.tokens -= 1;
    return null;
  }

  /** Who has not asked for a second has nothing that need be remembered. */
  #forgetFull(now: number): void {
    for (const [id, { at }] of this.#buckets) if (now - at > 1_000) this.#buckets.delete(id);
  }
}

const MAX_BUCKETS = 10_000;
