import { ConfigError } from "../../errors.js";
import type { OpenAiServer } from "../openai-client.js";
import type { Embedder } from "./embedder.js";
import { createHashEmbedder } from "./hash.js";
import { LocalEmbedder } from "./local.js";
import { OpenAiEmbedder } from "./openai.js";

export const EMBEDDERS = ["local", "openai", "hash"] as const;
export type EmbedderKind = (typeof EMBEDDERS)[number];

/** The embedder of that name. Starts nothing before its first use. @throws {ConfigError} for openai without a server */
export function createEmbedder(kind: EmbedderKind, server: OpenAiServer | null = null): Embedder {
  if (kind === "local") return new LocalEmbedder();
  if (kind === "hash") return createHashEmbedder();
  if (server === null) throw new ConfigError('The embedder "openai" needs a server; set HEADWAY_OPENAI_URL.');
  return new OpenAiEmbedder(server);
}
