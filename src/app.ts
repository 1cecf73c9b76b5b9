import type { DataSource } from "typeorm";
import { startDatabase } from "./app/database.js";
import { closeAll, unlessAborted, type Closer } from "./closers.js";
import { startTracing } from "./tracing/start.js";
import type { Config } from "./config.js";
import { migrationsCheck } from "./database/build.js";
import { changeChannel, webhookChannel } from "./database/channels.js";
import { listen } from "./database/listener.js";
import { whyNoWrites } from "./database/takes-writes.js";
import { describeDispatcher, openDispatcher } from "./dispatch/open.js";
import { engineDepsOf, type EngineDeps } from "./engine/engine.js";
import { WebhookSender } from "./engine/webhooks/sender.js";
import { KeyRing } from "./access/keys.js";
import { developmentKey } from "./access/development-key.js";
import { OWNER, SignIn } from "./access/sign-in.js";
import { ChangeStream } from "./engine/stream/stream.js";
import { messageOf } from "./errors.js";
import type { Logger } from "./logger.js";
import { loadRegistry, pipelineSourceOf, type LoadedPipelines, type LoadedPipeline } from "./pipelines/load.js";
import { WorkerProcesses } from "./processes/worker-processes.js";
import { troubleTo } from "./repeats.js";
import { Reconciler, TICK_DEADLINE_MS } from "./reconciler/reconciler.js";
import type { Check } from "./server/health.js";
import { EXPLORE_PATH, isLoopback, linkPath } from "./server/playground/sign-in.js";
import { startServer, type RunningServer } from "./server/server.js";
import type { BlobStore } from "./storage/blob-store.js";
import { openStores } from "./storage/stores.js";
import { stallOf, startWorker } from "./worker/start-worker.js";

/** A running Headway process. */
export interface App {
  /** Where it listens, such as "http://127.0.0.1:4000". */
  readonly url: string;
  /** For people: which database and which dispatcher. */
  readonly database: string;
  readonly dispatcher: string;
  /** Those that its workers run and its API takes jobs for. */
  readonly pipelines: readonly LoadedPipeline[];
  /** Its workers' processes; empty where it runs none, or its worker itself. */
  readonly workerPids: readonly number[];
  /** The key of an embedded server, for whoever sits at this machine; null elsewhere. */
  readonly developmentKey: string | null;
  /** Whether `url` is the console. */
  readonly hasConsole: boolean;
  /** Signs a browser of this machine in, once, within ten minutes; null where there is no such link. */
  readonly signInLink: string | null;
  /**
   * Stops in order: not ready, no more claims, clients let go, running work ended or given back, Redis, Postgres.
   * With `drain`, requests are served for HEADWAY_DRAIN_MS more, so that a load balancer sees that this process is not
   * ready before it refuses. Idempotent.
   */
  stop(options?: { readonly drain?: boolean }): Promise<void>;
}

/** How the process stands; shared by all that was started. */
interface State {
  /** It stops: not ready any more. */
  draining: boolean;
  /** How long requests are served once it stops. */
  drainMs: number;
  /** What is left of the one grace that clients and running work share. */
  graceMs: () => number;
}

/** Answers are quick; clients that take longer than this to read theirs must not use up the grace of running work. */
const CLIENTS_GRACE_MS = 5_000;

/** Kept back from the grace of running work, at most half of it: giving work back and taking leave of Redis and Postgres. */
const LEAVE_MS = 2_000;

export interface StartOptions {
  /** Aborted before all has started, it stops what has. */
  readonly signal?: AbortSignal;
  /** Processes that run workers under this one, where it has that role. Default 0: this one runs its worker itself. */
  readonly workerProcesses?: number;
}

/**
 * Starts the roles of `config` in this process: database, dispatcher, engine, server, reconciler, then worker or workers.
 * What had started is stopped again when a later part can't start.
 */
export async function startApp(
  config: Config,
  logger: Logger,
  { signal, workerProcesses = 0 }: StartOptions = {},
): Promise<App> {
  const closers: Closer[] = [];
  const workers = config.roles.includes("worker") ? workerProcesses : 0;
  const state: State = { draining: false, drainMs: 0, graceMs: () => config.graceMs };
  let stopping: Promise<void> | null = null;
  const stop = ({ drain = false }: { readonly drain?: boolean } = {}): Promise<void> => {
    if (stopping) return stopping;
    const graceEndsAt = Date.now() + config.graceMs;
    state.draining = true;
    // Most of the grace is running work's.
    state.drainMs = drain ? Math.min(config.drainMs, config.graceMs / 4) : 0;
    state.graceMs = () => Math.max(0, graceEndsAt - Date.now());
    stopping = closeAll(closers, logger);
    return stopping;
  };
  try {
    return { ...(await unlessAborted(start(config, logger, closers, state, workers), signal)), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function start(
  config: Config,
  logger: Logger,
  closers: Closer[],
  state: State,
  workerProcesses: number,
): Promise<Omit<App, "stop">> {
  const onError = troubleTo(logger, () => state.draining);
  const endTracing = await startTracing();
  if (endTracing !== null) closers.push(["tracing", endTracing]);
  const source = pipelineSourceOf(config);
  // First, because they are what a user gets wrong most easily.
  const pipelines = await loadRegistry(source);
  closers.push(["embedder", () => pipelines.embedder.close()]);
  const opened = await startDatabase(config, logger, closers, onError, workerProcesses);
  const { db, apiDb, listenAt, label } = opened;
  const key = config.databaseUrl === null ? await developmentKey(db, config.dataDir) : null;
  const dispatcher = await openDispatcher(config, logger, onError);
  closers.push(["dispatcher", () => dispatcher.close()]);
  const stores = await openStores(config);
  const { blobs, s3 } = stores;
  closers.push(["stores", () => stores.close()]);
  const deps = engineDepsOf(config, { db, dispatcher, registry: pipelines.registry, onError });
  const processes =
    workerProcesses === 0
      ? null
      : new WorkerProcesses({
          ...opened,
          registry: pipelines.registry,
          count: workerProcesses,
          config,
          dispatcher,
          logger,
          onError,
        });
  const signIn = key === null || config.isProduction || !config.roles.includes("api") ? null : new SignIn(apiDb);
  // What this process does at once when the database tells of something, by channel; it polls besides.
  const wakes = new Map<string, () => void>();
  const serve = await startServing(
    { config, logger, deps, apiDb, pipelines, blobs, state, processes, signIn },
    wakes,
    closers,
  );
  const closeServer: Closer = ["server", () => serve.server.close(Math.min(CLIENTS_GRACE_MS, state.graceMs()))];
  // Here for a start that fails further down; after a whole one it is closed before the worker, and this finds it closed.
  closers.push(closeServer);
  if (config.roles.includes("reconciler")) {
    const reconciler = new Reconciler({ db, dispatcher, blobs, settings: config, onError });
    reconciler.start();
    closers.push(["reconciler", () => reconciler.stop()]);
    const sender = new WebhookSender({ db, send: { hosts: config.webhookHosts }, onError });
    sender.start();
    closers.push(["webhooks", () => sender.stop()]);
    wakes.set(webhookChannel(db), () => sender.wake());
    serve.checks.push({
      name: "reconciler",
      check: async () => {
        const stalledMs = reconciler.stalledMs;
        if (stalledMs === null) return "the first sweep has not finished yet";
        return stalledMs > TICK_DEADLINE_MS + 2 * config.sweepMs
          ? `the sweep has not finished for ${stalledMs} ms`
          : null;
      },
    });
  }
  if (listenAt !== null && wakes.size > 0) {
    const listener = await listen(listenAt, wakes, (error) => onError(error, "listening for changes"));
    closers.push(["listener", () => listener.close()]);
  }
  /** Keeps back what giving back and taking leave of Redis and Postgres need. */
  const workGraceMs = (): number => Math.max(0, state.graceMs() - Math.min(LEAVE_MS, config.graceMs / 2));
  let drain: (() => Promise<void>) | null = null;
  if (processes !== null) {
    closers.push([
      "workers",
      () => processes.stop(workGraceMs(), workGraceMs() + Math.min(LEAVE_MS, config.graceMs / 2) / 2),
    ]);
    drain = () => processes.drain();
    // An API serves on beside a worker whose process is being replaced.
    const needed = !config.roles.includes("api");
    serve.checks.push({ name: "worker", needed, check: async () => processes.fault() });
    // Work that no worker has died with goes on beside it.
    serve.checks.push({ name: "quarantine", needed: false, check: async () => processes.quarantineFault() });
    await processes.start();
  } else if (config.roles.includes("worker")) {
    const worker = await startWorker({ config, logger, deps, source, blobs, s3, listenAt });
    closers.push(["child processes", () => worker.closeChildren()]);
    closers.push(["worker", () => worker.loop.stop(workGraceMs())]);
    drain = () => worker.loop.drain();
    serve.checks.push({ name: "worker", check: async () => stallOf(worker.loop.stalledMs, config) });
  }
  // Last pushed, first stopped: nothing is claimed any more, then clients are let go, and then work is waited for.
  closers.push(closeServer);
  if (config.roles.includes("api")) {
    closers.push(["readiness", () => new Promise((resolve) => setTimeout(resolve, state.drainMs))]);
  }
  if (drain) closers.push(["claim loop", drain]);
  return {
    url: serve.server.url,
    database: label,
    dispatcher: describeDispatcher(dispatcher, config),
    pipelines: pipelines.served,
    workerPids: processes?.pids ?? [],
    developmentKey: key,
    hasConsole: config.console,
    signInLink: signIn && linkTo(serve.server.url, config.console ? "/" : EXPLORE_PATH, signIn),
  };
}

/** Null where the address is not this machine's own: no code is exchanged there. */
function linkTo(url: string, page: string, signIn: SignIn): string | null {
  return isLoopback(new URL(url).host) ? url + linkPath(page, signIn.makeCode(OWNER)) : null;
}

async function startServing(
  from: {
    config: Config;
    logger: Logger;
    deps: EngineDeps;
    apiDb: DataSource;
    pipelines: LoadedPipelines;
    blobs: BlobStore;
    state: State;
    processes: WorkerProcesses | null;
    signIn: SignIn | null;
  },
  wakes: Map<string, () => void>,
  closers: Closer[],
): Promise<{ server: RunningServer; checks: Check[] }> {
  const { config, logger, deps, apiDb, pipelines, blobs, state, processes, signIn } = from;
  const checks: Check[] = [
    { name: "process", check: async () => (state.draining ? "it is stopping" : null) },
    { name: "database", check: () => whyNoWrites(deps.db).catch(messageOf) },
    { name: "migrations", check: migrationsCheck(deps.db, (why) => logger.error(why)) },
    // Without hints work goes on, a little later: no reason to send nobody here.
    ...(config.redisUrl === null
      ? []
      : [{ name: "redis", needed: false, check: async () => deps.dispatcher.away } as const]),
  ];
  const stream = new ChangeStream(deps.db, deps.onError);
  const isApi = config.roles.includes("api");
  if (isApi) {
    await stream.start();
    closers.push(["change stream", () => stream.stop()]);
    wakes.set(changeChannel(deps.db), () => stream.wake());
  }
  const server = await startServer({
    host: config.host,
    port: config.port,
    logger,
    checks,
    requestsPerSecond: config.requestsPerSecond,
    maxResponseBytes: config.maxResponseBytes,
    introspection: config.introspection,
    console: config.console,
    publicUrl: config.publicUrl,
    allowedOrigins: config.allowedOrigins,
    signIn,
    measured: { db: deps.db, apiDb, ofWorkers: processes && (() => processes.measure()) },
    api: isApi
      ? {
          deps: { ...deps, db: apiDb },
          stream,
          embedder: pipelines.embedder,
          blobs,
          keys: new KeyRing(apiDb, deps.onError),
        }
      : null,
  });
  return { server, checks };
}
