/** Turns texts into vectors whose cosine says how near their meanings are. */
export interface Embedder {
  /** "local", "openai" or "hash". */
  readonly name: string;
  /** Null until it is known. */
  readonly dimensions: number | null;
  /** How many texts make one good call. */
  readonly batchSize: number;
  /** One vector a text, in order. Aborting the signal rejects with its reason. */
  embed(texts: readonly string[], signal?: AbortSignal): Promise<Float32Array[]>;
  /** Ends what runs behind it. Idempotent. */
  close(): Promise<void>;
}
