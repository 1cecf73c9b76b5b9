import { ApiClient } from "../../src/cli/client.js";
import { ChangeStream } from "../../src/engine/stream.js";
import { createLogger } from "../../src/logger.js";
import { createEmbedder } from "../../src/pipelines/embedding/create-embedder.js";
import type { Pipeline } from "../../src/pipelines/pipeline.js";
import { startServer } from "../../src/server/server.js";
import { createFilesystemBlobStore } from "../../src/storage/filesystem.js";
import { createRig, PROJECT, type Rig } from "./engine.js";

/** What a request answers, errors included. */
export interface Answer {
  readonly status: number;
  readonly data: Record<string, any> | null;
  readonly errors: readonly { message: string; extensions: { code: string }; path?: readonly unknown[] }[];
}

/** The whole API over a rig's database, in this process. */
export interface TestApi {
  readonly rig: Rig;
  readonly url: string;
  readonly stream: ChangeStream;
  readonly client: ApiClient;
  /** Sends the operation over HTTP as it is. */
  send(query: string, variables?: Record<string, unknown>): Promise<Answer>;
  close(): Promise<void>;
}

export async function createTestApi(pipelines: readonly Pipeline[]): Promise<TestApi> {
  const rig = await createRig(pipelines);
  const stream = new ChangeStream(rig.db, rig.parts.onError);
  await stream.start(rig.url);
  const embedder = createEmbedder("hash");
  const blobs = createFilesystemBlobStore(rig.parts.fileRoots[0]!);
  const server = await startServer({
    host: "127.0.0.1",
    port: 0,
    logger: createLogger("silent"),
    checks: [],
    measured: { db: rig.db, projectId: PROJECT },
    api: { parts: rig.parts, stream, projectId: PROJECT, embedder, blobs },
  });
  const client = new ApiClient(server.url);
  return {
    rig,
    url: server.url,
    stream,
    client,
    async send(query, variables = {}) {
      const response = await fetch(`${server.url}/graphql`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ query, variables }),
      });
      const body = (await response.json()) as Partial<Answer>;
      return { status: response.status, data: body.data ?? null, errors: body.errors ?? [] };
    },
    async close() {
      await client.close();
      await server.close(0);
      await stream.stop();
      await rig.close();
    },
  };
}
