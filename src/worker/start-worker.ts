import { fileURLToPath } from "node:url";
import type { Config } from "../config.js";
import type { Address } from "../database/session.js";
import type { EngineDeps } from "../engine/engine.js";
import type { TaskCommand } from "../engine/flush/task-command.js";
import type { Logger } from "../logger.js";
import { withoutKeys, type PipelineSource } from "../pipelines/load.js";
import { DEFAULT_MEMORY_LIMIT_MIB } from "../pipelines/stage-settings.js";
import type { BlobStore } from "../storage/blob-store.js";
import type { S3Objects } from "../storage/s3-objects.js";
import { buildVersion } from "../version.js";
import type { SuspectRule } from "./room.js";
import { hostFor, snapshotOf } from "./sandbox-protocol.js";
import { Sandbox } from "./sandbox.js";
import { assertSecrets } from "./secrets.js";
import { sandboxUser } from "./sandbox-user.js";
import { WorkerLoop } from "./worker.js";

/** What a worker of this process is made from. */
export interface WorkerParts {
  readonly config: Config;
  readonly logger: Logger;
  readonly deps: EngineDeps;
  readonly source: PipelineSource;
  readonly blobs: BlobStore;
  readonly s3: S3Objects | null;
  readonly listenAt: Address | null;
  /** Told the worker's id, and waited for, before it claims anything. */
  readonly onNamed?: (workerId: string) => Promise<void>;
  /** Told of what makes this process one to be replaced; absent where nobody can. */
  readonly onSpoiled?: () => void;
  readonly onUnsettled?: (end: TaskCommand | null) => void;
  /** Default "between". */
  readonly suspects?: SuspectRule;
}

/** A worker that runs, with the child processes of its isolated stages. */
export interface StartedWorker {
  readonly loop: WorkerLoop;
  /** Kills its child processes; once the loop has stopped. */
  closeChildren(): Promise<void>;
}

/** Starts a worker in this process. @throws {HeadwayError} WORKER_NOT_STARTED */
export async function startWorker({
  config,
  logger,
  deps,
  source,
  blobs,
  s3,
  listenAt,
  onNamed,
  ...rest
}: WorkerParts): Promise<StartedWorker> {
  const { suspects = "between", ...told } = rest;
  assertSecrets(deps.registry);
  const childEntry = new URL("./sandbox-child.js", import.meta.url);
  const sandbox = new Sandbox({
    childEntry,
    user: sandboxUser([process.execPath, fileURLToPath(new URL("..", childEntry)), ...source.files], (why) =>
      logger.warn(why),
    ),
    concurrency: config.concurrency,
    environment: config.childEnvironment,
    logger,
  });
  const loop = new WorkerLoop(
    {
      ...deps,
      ...told,
      blobs,
      s3,
      listenAt,
      logger,
      runIsolated: (call, ctx, signal) =>
        sandbox.run(
          {
            pipelineSource: JSON.stringify(withoutKeys(source)),
            pipeline: call.pipeline.name,
            stage: call.stage.name,
            kind: call.claim.kind === "DOCUMENT" ? "document" : "collection",
            snapshot: snapshotOf(ctx),
            timeoutMs: call.stage.timeoutMs ?? 300_000,
            memoryLimitMiB: call.stage.memoryLimitMiB ?? DEFAULT_MEMORY_LIMIT_MIB,
          },
          hostFor(ctx),
          signal,
        ),
    },
    { build: buildVersion(), ...config, suspects, ...(suspects === "only" ? { concurrency: 1 } : {}) },
  );
  try {
    await onNamed?.(loop.id);
    await loop.start();
  } catch (error) {
    await sandbox.close();
    throw error;
  }
  return { loop, closeChildren: () => sandbox.close() };
}

/** What is wrong with a claim loop that last began an iteration so long ago; null when nothing is. */
export function stallOf(
  stalledMs: number,
  { leaseMs, pollMs }: { readonly leaseMs: number; readonly pollMs: number },
): string | null {
  return stalledMs > Math.max(leaseMs, 3 * pollMs) ? `the claim loop has not iterated for ${stalledMs} ms` : null;
}
