import type { Embedder } from "./embedder.js";
import { createHashEmbedder } from "./hash.js";
import { LocalEmbedder } from "./local.js";

/** The embedder of that name. Starts nothing before its first use. */
export function createEmbedder(kind: "local" | "hash"): Embedder {
  return kind === "local" ? new LocalEmbedder() : createHashEmbedder();
}
