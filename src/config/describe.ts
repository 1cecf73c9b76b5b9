import type { Config, ModelServer } from "../config.js";

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

/**
 * A URL as it may be shown. A password that was not percent-encoded may hold anything, "@" and "/" too: all up to the
 * last "@" may be part of it.
 */
export function withoutPassword(value: string): string {
  return value.replace(/^([a-z][a-z\d+.-]*:\/\/)?([^:/@\s]*):.*@/is, "$1$2:***@");
}
