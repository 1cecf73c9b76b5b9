import { createHash } from "node:crypto";
import type { Embedder } from "./embedder.js";

const DIMENSIONS = 256;
/** Some milliseconds of work, so that the event loop has its turns. */
const BATCH = 64;

/**
 * Feature hashing of words: instant and always the same, for tests and benchmarks. It knows words, not meanings.
 * Source: Weinberger et al., "Feature Hashing for Large Scale Multitask Learning", ICML 2009.
 */
export function createHashEmbedder(): Embedder {
  return {
    name: "hash",
    dimensions: DIMENSIONS,
    batchSize: BATCH,
    embed: async (texts, signal) => {
      signal?.throwIfAborted();
      return texts.map(vectorOf);
    },
    close: async () => undefined,
  };
}

function vectorOf(text: string): Float32Array {
  const vector = new Float32Array(DIMENSIONS);
  for (const [word] of text.toLowerCase().matchAll(/[\p{L}\p{N}]+/gu)) {
    const digest = createHash("sha1").update(word).digest();
    const place = digest.readUInt16LE(0) % DIMENSIONS;
    vector[place] = vector[place]! + (digest[2]! % 2 === 0 ? 1 : -1);
  }
  const length = Math.hypot(...vector);
  return length === 0 ? vector : vector.map((value) => value / length);
}
