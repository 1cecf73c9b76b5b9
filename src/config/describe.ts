import type { Config, ModelServer } from "../config.js";
import { withoutPassword } from "./values.js";

/** The settings for people to read: passwords in URLs and keys are hidden. */
export function describeConfig(config: Config): Record<string, unknown> {
  const { databaseUrl, databaseDirectUrl, redisUrl, clientUrl, clientKey, childEnvironment: _, ...others } = config;
  const { s3, openai, transcriber, ...rest } = others;
  const hidden = (server: ModelServer | null): ModelServer | null =>
    server && { ...server, url: withoutPassword(server.url), key: server.key === null ? null : "***" };
  return {
    ...rest,
    openai: hidden(openai),
    transcriber: hidden(transcriber),
    s3: { ...s3, credentials: s3.credentials && { accessKeyId: s3.credentials.accessKeyId, secretAccessKey: "***" } },
    clientUrl: withoutPassword(clientUrl),
    clientKey: clientKey === null ? null : "***",
    databaseUrl: databaseUrl === null ? "embedded" : withoutPassword(databaseUrl),
    databaseDirectUrl: databaseDirectUrl === null ? null : withoutPassword(databaseDirectUrl),
    redisUrl: redisUrl === null ? "in-process" : withoutPassword(redisUrl),
  };
}
