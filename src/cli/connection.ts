import { readFile } from "node:fs/promises";
import path from "node:path";
import { loadConfig } from "../config.js";
import { ApiClient, type ApiClientOptions } from "./client.js";
import { UsageError } from "./exit-codes.js";

/** What every command that speaks with a server takes. */
export interface ClientOptions {
  readonly url?: string;
  readonly key?: string;
  readonly json?: boolean;
}

/** Where an embedded server leaves a key for the commands of the same machine, in its data folder. */
const DEVELOPMENT_KEY = "development-key";

/** Runs `work` with a client of the server that the options and the settings name; its sockets are closed in any case. */
export async function withClient<T>(
  options: ClientOptions,
  work: (client: ApiClient) => Promise<T>,
  more: ApiClientOptions = {},
): Promise<T> {
  const config = loadConfig();
  const url = serverUrl(options.url ?? config.clientUrl);
  const key = options.key ?? config.clientKey ?? (await developmentKey(url, config.dataDir));
  const client = new ApiClient(url, key, more);
  try {
    return await work(client);
  } finally {
    await client.close();
  }
}

/** The address without its path to the API. @throws {UsageError} */
function serverUrl(text: string): string {
  const must = "it must be the address of a Headway server, such as http://127.0.0.1:4000";
  if (!URL.canParse(text)) throw new UsageError(`The server's address is "${text}"; ${must}.`);
  const url = new URL(text);
  if (url.username || url.password) {
    throw new UsageError("The server's address holds a user or a password; give the key with --key or HEADWAY_KEY.");
  }
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    throw new UsageError(`The server's address is "${text}"; ${must}.`);
  }
  if (url.port === "0") throw new UsageError("HEADWAY_PORT is 0; say with --url which port the server has picked.");
  return `${url.origin}${url.pathname.replace(/(\/graphql)?\/*$/, "")}`;
}

/** The key of the embedded server of this data folder; it is no other machine's to see. */
async function developmentKey(url: string, dataDir: string): Promise<string | null> {
  const { hostname } = new URL(url);
  if (!/^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname)) return null;
  try {
    return (await readFile(path.join(dataDir, DEVELOPMENT_KEY), "utf8")).trim() || null;
  } catch {
    return null; // None there, or not ours to read: the server says whether it wants one.
  }
}
