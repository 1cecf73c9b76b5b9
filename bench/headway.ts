import { existsSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ApiClient } from "../src/cli/client.js";
import { ROOT, startHeadway, type HeadwayProcess } from "../test/support/processes.js";
import type { Servers } from "./servers.js";

const ADD_AT_ONCE = 1_000;
/**
 * A look is a GraphQL request, and a hundred a second took a third of a core from what is measured: 679 documents a second
 * for 765 with ten. No peer has such a client beside it. A job is seen to be settled 50 ms late on average, at our cost.
 */
const LOOK_EVERY_MS = 100;
const SETTLED = /^(COMPLETED|COMPLETED_WITH_ERRORS|FAILED|CANCELLED)$/;

/** The folder of another build of Headway, such as the one before a change, to stand beside this one in the same run. */
export const BEFORE = process.env.HEADWAY_BENCH_BEFORE;

/** This build, and the one before where there is one; each with the folder that `Headway` takes. */
export const BUILDS: readonly { readonly name: string; readonly root: string | undefined }[] = [
  { name: "this build", root: undefined },
  ...(BEFORE === undefined ? [] : [{ name: "the build before", root: BEFORE }]),
];

/** What is measured is the process that was started, as with the peers: no parent of it runs beside. */
const ONE_PROCESS = { HEADWAY_WORKER_PROCESSES: "0" };

/** Headway as it runs in production: API processes and worker processes over one Postgres and one Redis. */
export class Headway {
  readonly #settings: Record<string, string>;
  readonly #root: string;
  readonly apis: HeadwayProcess[] = [];
  readonly workers: HeadwayProcess[] = [];
  #client: ApiClient | null = null;

  /**
   * @param databaseUrl an empty database, or one that is migrated
   * @param root of another build; it works on pipelines of its own
   */
  constructor(
    servers: Pick<Servers, "redisUrl" | "dataDir">,
    databaseUrl: string,
    settings: Record<string, string> = {},
    root = ROOT,
  ) {
    this.#root = root;
    this.#settings = {
      DATABASE_URL: databaseUrl,
      REDIS_URL: servers.redisUrl,
      // Two builds beside each other would else take each other's hints, and find their own work by polling.
      HEADWAY_REDIS_PREFIX: `bench_${path.basename(new URL(databaseUrl).pathname)}`,
      HEADWAY_DATA_DIR: path.join(servers.dataDir, "headway"),
      HEADWAY_PIPELINES: path.join(root, "bench", "pipelines"),
      HEADWAY_CONCURRENCY: "800",
      // One client asks as fast as it is answered; where it had to wait, the wait would be measured.
      HEADWAY_REQUESTS_PER_SECOND: "1000000",
      ...settings,
    };
  }

  async startApi(settings: Record<string, string> = {}): Promise<HeadwayProcess> {
    const api = await startHeadway({ ...this.#settings, HEADWAY_ROLES: "api,reconciler", ...settings }, this.#root);
    this.apis.push(api);
    this.#client ??= new ApiClient(api.url, api.key);
    return api;
  }

  async startWorker(settings: Record<string, string> = {}): Promise<HeadwayProcess> {
    // Builds from before there were any refuse the setting.
    const own = existsSync(path.join(this.#root, "src", "processes")) ? ONE_PROCESS : {};
    const worker = await startHeadway({ ...this.#settings, HEADWAY_ROLES: "worker", ...own, ...settings }, this.#root);
    this.workers.push(worker);
    return worker;
  }

  /** What each of its processes is, by pid. */
  get roles(): ReadonlyMap<number, string> {
    return new Map([
      ...this.apis.map(({ child }) => [child.pid!, "API"] as const),
      ...this.workers.map(({ child }) => [child.pid!, "worker"] as const),
    ]);
  }

  /** Of the first API process. */
  get client(): ApiClient {
    if (!this.#client) throw new Error("No API process has been started.");
    return this.#client;
  }

  /** A collection of that many documents with one letter of text each; its id. */
  collectionOf(documents: number): Promise<string> {
    return this.collectionWith(Array.from({ length: documents }, (_, n) => ({ name: `d${n}`, text: "x" })));
  }

  async collectionWith(documents: readonly { readonly name: string; readonly text?: string; readonly uri?: string }[]) {
    const { collection } = await this.client.mutate<Made<"collection">>(
      "mutation($name: String!) { createCollection(input: { name: $name }) { collection { id } userErrors { code message } } }",
      { name: `bench ${process.hrtime.bigint()}` },
    );
    for (let first = 0; first < documents.length; first += ADD_AT_ONCE) {
      await this.client.mutate(
        "mutation($input: AddDocumentsInput!) { addDocuments(input: $input) { documents { id } userErrors { code message } } }",
        { input: { collectionId: collection.id, documents: documents.slice(first, first + ADD_AT_ONCE) } },
      );
    }
    return collection.id;
  }

  /** Resolves with the job's id when the submission has been answered, by the first API process or the client's own. */
  async submit(
    collectionId: string,
    pipeline: string,
    { client = this.client, options }: { readonly client?: ApiClient; readonly options?: object } = {},
  ): Promise<string> {
    const { job } = await client.mutate<Made<"job">>(
      "mutation($input: SubmitJobInput!) { submitJob(input: $input) { job { id } userErrors { code message } } }",
      { input: { collectionId, pipeline, ...(options ? { options } : {}) } },
    );
    return job.id;
  }

  /** @throws when it does not settle COMPLETED, or as `may` allows */
  async settled(jobId: string, lookEveryMs = LOOK_EVERY_MS, may = ["COMPLETED"]): Promise<void> {
    for (;;) {
      const { job } = await this.client.query<{ job: { status: string } }>(
        "query($id: ID!) { job(id: $id) { status } }",
        { id: jobId },
      );
      if (may.includes(job.status)) return;
      if (SETTLED.test(job.status)) throw new Error(`Job ${jobId} ended ${job.status}.`);
      await sleep(lookEveryMs);
    }
  }

  /** Documents a second, from the submission to the settled job; making the collection is not counted. */
  async rate(documents: number, pipeline = "noop5"): Promise<number> {
    const collectionId = await this.collectionOf(documents);
    const startedAt = performance.now();
    await this.settled(await this.submit(collectionId, pipeline));
    return documents / ((performance.now() - startedAt) / 1_000);
  }

  async stop(): Promise<void> {
    await this.#client?.close();
    await Promise.all(this.workers.map((worker) => worker.stop()));
    await Promise.all(this.apis.map((api) => api.stop()));
  }
}

type Made<Noun extends string> = Record<Noun, { id: string }> & { userErrors: { code: string; message: string }[] };
