import path from "node:path";
import { pathToFileURL } from "node:url";
import WebSocket from "ws";
import { definePipeline } from "../../src/pipelines/pipeline.js";
import { startFaultProxy, type FaultProxy } from "../faults/fault-proxy.js";
import { createTestApi, type TestApi } from "./api.js";
import { changeIds } from "./changes.js";
import { ROOT } from "./root.js";

interface FollowedChange {
  readonly id: string;
  readonly cursor: string;
  readonly entityId: string;
  readonly version: number;
}
interface FollowOptions {
  readonly url: string;
  readonly authorization: string;
  readonly scope?: Record<string, string>;
  readonly after?: string;
  readonly signal?: AbortSignal;
  readonly retryMs?: number;
  readonly webSocketImpl: unknown;
}
type Follow = (options: FollowOptions) => AsyncGenerator<FollowedChange>;

const quick = definePipeline({
  name: "quick",
  version: 1,
  documentStages: ["a", "b"].map((name) => ({ name, run: async () => null })),
});

/** The example client (examples/client/follow.mjs) at an API that it reaches through a proxy. */
export interface ExampleFollowing {
  readonly api: TestApi;
  readonly proxy: FaultProxy;
  /** Follows as the example does. */
  readonly followChanges: (options: Partial<FollowOptions>) => AsyncGenerator<FollowedChange>;
  /** Collects what a follower is given until it is told to stop. */
  readonly follow: (options: Partial<FollowOptions>) => { readonly got: FollowedChange[]; stop(): Promise<void> };
  /** Ids of a collection's changes after its birth, in order. */
  readonly historyOf: (collectionId: string) => Promise<string[]>;
  close(): Promise<void>;
}

/** Its API has the pipeline `quick`, of two stages, and one worker. */
export async function createExampleFollowing(): Promise<ExampleFollowing> {
  const api = await createTestApi([quick]);
  await api.rig.startWorker();
  const proxy = await startFaultProxy(Number(new URL(api.url).port));
  const file = path.join(ROOT, "examples", "client", "follow.mjs");
  const example = (await import(pathToFileURL(file).href)) as { followChanges: Follow };
  const followChanges = (options: Partial<FollowOptions>): AsyncGenerator<FollowedChange> =>
    example.followChanges({
      url: `ws://127.0.0.1:${proxy.port}/graphql`,
      authorization: `Bearer ${api.key}`,
      webSocketImpl: WebSocket,
      ...options,
    });
  return {
    api,
    proxy,
    followChanges,
    follow(options) {
      const got: FollowedChange[] = [];
      const abort = new AbortController();
      const done = (async () => {
        const changes = followChanges({ retryMs: 10, signal: abort.signal, ...options });
        for await (const change of changes) got.push(change);
      })();
      return {
        got,
        stop: async () => {
          abort.abort();
          await done;
        },
      };
    },
    historyOf: (collectionId) =>
      changeIds(api.rig.db, "where s.collection_id = $1 order by s.position offset 1", [collectionId]),
    async close() {
      await proxy.close();
      await api.close();
    },
  };
}
