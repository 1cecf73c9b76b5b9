import { ApiClient } from "../../src/cli/client.js";
import { SignIn } from "../../src/access/sign-in.js";
import { KeyRing } from "../../src/access/keys.js";
import type { ChangeStream } from "../../src/engine/stream/stream.js";
import { createLogger } from "../../src/logger.js";
import { createEmbedder } from "../../src/pipelines/embedding/create-embedder.js";
import type { Pipeline } from "../../src/pipelines/pipeline.js";
import { startServer } from "../../src/server/server.js";
import { createFilesystemBlobStore } from "../../src/storage/filesystem.js";
import { createRig, type Rig } from "./engine.js";
import { keyBy } from "./keys.js";
import { followDatabase } from "./stream.js";

/** What a request answers, errors included. */
export interface Answer {
  readonly status: number;
  readonly data: Record<string, any> | null;
  readonly errors: readonly {
    message: string;
    extensions: { code: string; carriedOut?: readonly string[] };
    path?: readonly unknown[];
  }[];
}

/** The whole API over a rig's database, in this process. */
export interface TestApi {
  readonly rig: Rig;
  readonly url: string;
  /** An ADMIN's, which `client` and `send` use. */
  readonly key: string;
  /** What the server has logged as a fault of its own. */
  readonly faults: readonly string[];
  readonly stream: ChangeStream;
  /** Makes codes for links to the playground. */
  readonly signIn: SignIn;
  readonly client: ApiClient;
  /** Sends the operation over HTTP as it is, with another key where one is given. */
  send(query: string, variables?: Record<string, unknown>, as?: string): Promise<Answer>;
  close(): Promise<void>;
}

/** What is set otherwise, where a test is about that. */
interface TestSettings {
  readonly maxResponseBytes?: number;
  readonly recheckKeysMs?: number;
  readonly authTimeoutMs?: number;
  readonly trustedMs?: number;
  readonly console?: boolean;
}

export async function createTestApi(
  pipelines: readonly Pipeline[],
  { recheckKeysMs = 200, authTimeoutMs = 1_000, trustedMs, ...settings }: TestSettings = {},
): Promise<TestApi> {
  const rig = await createRig(pipelines);
  const followed = await followDatabase(rig);
  const { stream } = followed;
  const embedder = createEmbedder("hash");
  const faults: string[] = [];
  const blobs = createFilesystemBlobStore(rig.deps.fileRoots[0]!);
  const signIn = new SignIn(rig.db);
  const server = await startServer({
    host: "127.0.0.1",
    port: 0,
    logger: Object.assign(createLogger("silent"), {
      error: (fields: { error?: unknown }) => void faults.push(String(fields.error)),
    }),
    checks: [],
    recheckKeysMs,
    authTimeoutMs,
    ...settings,
    // Tests ask as fast as they can; what one key may is tested where it is meant.
    requestsPerSecond: 1_000_000,
    measured: { db: rig.db, apiDb: rig.db, ofWorkers: null },
    signIn,
    api: { deps: rig.deps, stream, keys: new KeyRing(rig.db, rig.deps.onError, trustedMs), embedder, blobs },
  });
  const key = await keyBy(rig.db);
  const client = new ApiClient(server.url, key);
  return {
    rig,
    url: server.url,
    key,
    faults,
    stream,
    signIn,
    client,
    async send(query, variables = {}, as) {
      const response = await fetch(`${server.url}/graphql`, {
        method: "POST",
        headers: { "content-type": "application/json", authorization: `Bearer ${as ?? key}` },
        body: JSON.stringify({ query, variables }),
      });
      const body = (await response.json()) as Partial<Answer>;
      return { status: response.status, data: body.data ?? null, errors: body.errors ?? [] };
    },
    async close() {
      await client.close();
      await server.close(0);
      await followed.stop();
      await rig.close();
    },
  };
}
