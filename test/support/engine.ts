import type { DataSource } from "typeorm";
import { createDataSource } from "../../src/database/data-source.js";
import type { Dispatcher } from "../../src/dispatch/dispatcher.js";
import { createInProcessDispatcher } from "../../src/dispatch/in-process.js";
import { addDocuments } from "../../src/engine/collection/add-documents.js";
import { createCollection } from "../../src/engine/collection/collections.js";
import type { Actor, EngineDeps } from "../../src/engine/engine.js";
import { createNetworks } from "../../src/sources/networks.js";
import { submitJob, type SubmitInput } from "../../src/engine/submit/submit.js";
import type { Pipeline } from "../../src/pipelines/pipeline.js";
import { Registry } from "../../src/pipelines/registry.js";
import type { ReconcilerSettings } from "../../src/reconciler/duty.js";
import { Reconciler } from "../../src/reconciler/reconciler.js";
import type { BlobStore } from "../../src/storage/blob-store.js";
import { createFilesystemBlobStore } from "../../src/storage/filesystem.js";
import { WorkerLoop, type WorkerSettings } from "../../src/worker/worker.js";
import { createTestDatabase } from "./database.js";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { PATIENCE_MS, until } from "./until.js";

export const PROJECT = "00000000-0000-7000-8000-000000000001";
export const ACTOR: Actor = { type: "USER", name: "tester", projectId: PROJECT };

export interface Rig {
  readonly url: string;
  readonly db: DataSource;
  readonly deps: EngineDeps;
  readonly blobs: BlobStore;
  /** What the parts could not do but went on without. */
  readonly errors: { error: unknown; doing: string }[];
  /** With the rig's pipelines unless others are given, such as those of another build. */
  startWorker(settings?: Partial<WorkerSettings>, pipelines?: Registry): Promise<WorkerLoop>;
  startReconciler(settings?: Partial<ReconcilerSettings>): Reconciler;
  /** A collection of documents named d0, d1 …, each with its name as text. */
  collection(documents: number | readonly { name: string; text: string }[]): Promise<string>;
  submit(pipeline: string, documents: number, more?: Partial<SubmitInput>): Promise<string>;
  settled(jobId: string, deadlineMs?: number): Promise<string>;
  violations(): Promise<unknown[]>;
  close(): Promise<void>;
}

/** The engine over a database of its own, without servers: pipelines are given, workers started as wanted. */
export async function createRig(
  pipelines: readonly Pipeline[],
  dispatcher: Dispatcher = createInProcessDispatcher(),
): Promise<Rig> {
  const database = await createTestDatabase();
  const db = await createDataSource(database.url, { poolSize: 20 }).initialize();
  const registry = new Registry(pipelines);
  const errors: { error: unknown; doing: string }[] = [];
  const onError = (error: unknown, doing: string): void => void errors.push({ error, doing });
  const folder = await mkdtemp(path.join(tmpdir(), "headway-test-"));
  const deps: EngineDeps = {
    db,
    dispatcher,
    registry,
    fileRoots: [folder],
    networks: createNetworks([]),
    s3Sources: [],
    maxDocumentBytes: 10_000_000,
    cancelDeadlineMs: 15_000,
    sweepMs: 5_000,
    retentionDays: null,
    onError,
  };
  const blobs = createFilesystemBlobStore(folder);
  const workers: WorkerLoop[] = [];
  const reconcilers: Reconciler[] = [];
  let made = 0;
  const rig: Rig = {
    url: database.url,
    db,
    deps,
    blobs,
    errors,
    async startWorker(settings = {}, pipelines = registry) {
      const worker = new WorkerLoop(
        {
          ...deps,
          registry: pipelines,
          listenAt: { url: database.url, route: "direct" },
          blobs,
          logger: silent,
          runIsolated: () => Promise.reject(new Error("this rig runs no isolated stages")),
        },
        {
          concurrency: 8,
          leaseMs: 30_000,
          heartbeatMs: 1_000,
          pollMs: 100,
          crashLimit: 3,
          cancelDeadlineMs: 200,
          build: "test",
          ...settings,
        },
      );
      workers.push(worker);
      await worker.start();
      return worker;
    },
    startReconciler(settings = {}) {
      const reconciler = new Reconciler({
        db,
        dispatcher,
        blobs,
        onError,
        settings: {
          sweepMs: 50,
          // No database comes back here: what has expired is rescued from the first tick on.
          heartbeatMs: -2_000,
          leaseMs: 30_000,
          crashLimit: 3,
          cancelDeadlineMs: 200,
          statisticsDays: 30,
          ...settings,
        },
      });
      reconcilers.push(reconciler);
      reconciler.start();
      return reconciler;
    },
    async collection(documents) {
      made += 1;
      const collectionId = await createCollection(deps, ACTOR, { name: `collection ${made}` });
      const list =
        typeof documents === "number"
          ? Array.from({ length: documents }, (_, i) => ({ name: `d${i}`, text: `d${i}` }))
          : documents;
      if (list.length > 0) await addDocuments(deps, ACTOR, { collectionId, documents: list });
      return collectionId;
    },
    async submit(pipeline, documents, more = {}) {
      const collectionId = more.collectionId ?? (await rig.collection(documents));
      return (await submitJob(deps, ACTOR, { ...more, collectionId, pipeline })).jobId;
    },
    async settled(jobId, deadlineMs = PATIENCE_MS) {
      let status: string | null = null;
      await until(
        `job ${jobId} is settled`,
        async () => {
          const rows: { status: string }[] = await db.query(
            "select status from headway.job where id = $1 and finished_at is not null",
            [jobId],
          );
          status = rows[0]?.status ?? null;
          return status !== null;
        },
        deadlineMs,
      );
      return status!;
    },
    violations: () => db.query("select * from headway.violations()"),
    async close() {
      await Promise.all(reconcilers.map((reconciler) => reconciler.stop()));
      await Promise.all(workers.map((worker) => worker.stop(0)));
      await dispatcher.close();
      await db.destroy();
      await database.drop();
      await rm(folder, { recursive: true, force: true });
    },
  };
  return rig;
}

const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
