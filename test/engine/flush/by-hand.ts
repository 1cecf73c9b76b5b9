import { randomUUID } from "node:crypto";
import type { Claim } from "../../../src/engine/flush/claim.js";
import type { ClaimRequest } from "../../../src/engine/flush/claims.js";
import { Recorder } from "../../../src/engine/flush/recorder.js";
import type { TaskCommand } from "../../../src/engine/flush/task-command.js";
import { servesOf } from "../../../src/pipelines/registry.js";
import { PROJECT, type Rig } from "../../support/engine.js";

/** An hour: no lease passes by itself. */
export const LEASE_MS = 3_600_000;

/** A worker that does only what it is told, each of its statements at a time. */
export interface ByHand {
  readonly id: string;
  readonly recorder: Recorder;
  /** At most so many, one by default. */
  take(more?: Partial<ClaimRequest>): Promise<Claim[]>;
  complete(claim: Pick<Claim, "taskId" | "fence">): Promise<unknown>;
  end(claim: Pick<Claim, "taskId" | "fence">, more?: Partial<TaskCommand>): Promise<unknown>;
  /** What a claim sends as its third parameter. */
  request(more?: object): string;
}

export function recorderOf(rig: Rig, workerId: string | null): Recorder {
  return new Recorder({
    db: rig.db,
    actor: workerId === null ? { type: "SYSTEM", name: "system:test" } : { type: "WORKER", name: `worker:${workerId}` },
    workerId,
    leaseMs: LEASE_MS,
    crashLimit: 3,
    onDue: () => undefined,
    onError: rig.deps.onError,
  });
}

/** With a row of its own, as a worker has that is registered. */
export async function workerByHand(rig: Rig): Promise<ByHand> {
  const id = randomUUID();
  await rig.db.query(
    `insert into headway.worker (id, project_id, hostname, pid, build, pipelines, concurrency, lease_ms)
     values ($1, $2, 'test', 1, 'test', '{}', 8, 30000)`,
    [id, PROJECT],
  );
  const recorder = recorderOf(rig, id);
  const { registry } = rig.deps;
  return {
    id,
    recorder,
    take: (more = {}) => recorder.claim({ registry, limit: 1, ...more }),
    complete: ({ taskId, fence }) => recorder.record({ kind: "complete", taskId, fence, outputJson: "null" }),
    end: ({ taskId, fence }, more = {}) =>
      recorder.record({ kind: "end", taskId, fence, cause: "INTERRUPTED", ...more } as TaskCommand),
    request: (more = {}) =>
      JSON.stringify({
        limit: 1,
        worker: id,
        serves: servesOf(registry),
        turns: {},
        change: randomUUID(),
        leaseMs: LEASE_MS,
        ...more,
      }),
  };
}
