/** Turns texts into vectors whose cosine says how near their meanings are. */
export interface Embedder {
  /** "local" or "hash". */
  readonly name: string;
  readonly dimensions: number;
  /** One vector a text, in order. Aborting the signal rejects with its reason. */
  embed(texts: readonly string[], signal?: AbortSignal): Promise<Float32Array[]>;
  /** Ends what runs behind it. Idempotent. */
  close(): Promise<void>;
}
