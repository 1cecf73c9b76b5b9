import { HeadwayError } from "../../errors.js";
import { askOpenAi, type OpenAiServer } from "../openai-client.js";
import type { Embedder } from "./embedder.js";

/** 64 chunks of 8,000 characters stay below the 300,000 tokens that a request may hold. */
const BATCH = 64;
const DEFAULT_TIMEOUT_MS = 60_000;

/**
 * Vectors from a server that speaks OpenAI's protocol (POST /embeddings). Retries within a request are the client's;
 * what still fails then is the stage's attempt.
 */
export class OpenAiEmbedder implements Embedder {
  readonly name = "openai";
  readonly batchSize = BATCH;
  readonly #server: OpenAiServer;
  readonly #timeoutMs: number;
  #dimensions: number | null = null;
  #closed = false;

  constructor(server: OpenAiServer, { timeoutMs = DEFAULT_TIMEOUT_MS }: { readonly timeoutMs?: number } = {}) {
    this.#server = server;
    this.#timeoutMs = timeoutMs;
  }

  /** The model's, as its first answer showed. */
  get dimensions(): number | null {
    return this.#dimensions;
  }

  async embed(texts: readonly string[], signal?: AbortSignal): Promise<Float32Array[]> {
    const vectors: Float32Array[] = [];
    for (let start = 0; start < texts.length; start += BATCH) {
      signal?.throwIfAborted();
      if (this.#closed) throw new HeadwayError("EMBEDDER_CLOSED", "The embedder has been closed.");
      vectors.push(...(await this.#ask(texts.slice(start, start + BATCH), signal)));
    }
    return vectors;
  }

  async close(): Promise<void> {
    this.#closed = true;
  }

  async #ask(input: readonly string[], signal?: AbortSignal): Promise<Float32Array[]> {
    const content = JSON.stringify({ model: this.#server.model, input, encoding_format: "float" });
    const answer = await askOpenAi(this.#server, {
      path: "/embeddings",
      body: () => ({ content, contentType: "application/json" }),
      timeoutMs: this.#timeoutMs,
      signal,
    });
    const vectors = vectorsOf(answer, input.length);
    for (const { length } of vectors) {
      this.#dimensions ??= length;
      if (length !== this.#dimensions)
        throw unusable(`vectors of ${length} and of ${this.#dimensions} dimensions from one model`);
    }
    return vectors;
  }
}

/** In the order of the texts, which `index` tells, not the order of the answer. @throws {HeadwayError} EMBEDDING_FAILED */
function vectorsOf(answer: unknown, count: number): Float32Array[] {
  const { data } = (answer ?? {}) as { data?: unknown };
  if (!Array.isArray(data) || data.length !== count) {
    throw unusable(`${Array.isArray(data) ? data.length : "no"} vectors for ${count} texts`);
  }
  const vectors = Array.from({ length: count }, (): Float32Array | undefined => undefined);
  for (const [place, item] of (data as { index?: unknown; embedding?: unknown }[]).entries()) {
    const index = typeof item?.index === "number" ? item.index : place;
    const { embedding } = item ?? {};
    if (!Array.isArray(embedding) || embedding.length === 0 || !embedding.every(Number.isFinite))
      throw unusable(`no vector of numbers at ${index}`);
    vectors[index] = Float32Array.from(embedding as number[]);
  }
  if (vectors.length !== count || vectors.includes(undefined)) throw unusable("not one vector for each text");
  return vectors as Float32Array[];
}

function unusable(what: string): HeadwayError {
  return new HeadwayError(
    "EMBEDDING_FAILED",
    `The embedding server answered ${what}; see that the model is one for embeddings.`,
  );
}
