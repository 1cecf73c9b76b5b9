import { randomUUID } from "node:crypto";
import type { Claim } from "../../src/engine/flush/claim.js";
import { Recorder, type Recorded } from "../../src/engine/flush/recorder.js";
import { definePipeline } from "../../src/pipelines/pipeline.js";
import { createRig, type Rig } from "../support/engine.js";

export const STEP_NAMES = ["a", "b", "c", "d", "e", "f"];
const six = definePipeline({
  name: "six",
  version: 1,
  documentStages: STEP_NAMES.map((name) => ({ name, run: async () => null })),
});

/** A change as its entity's history tells it. */
export interface ToldChange {
  readonly version: number;
  readonly reason: string;
  readonly stage: string | null;
}

interface RawSteps {
  readonly first: number;
  readonly ages: readonly number[];
}

/** A rig whose steps are recorded by the tests themselves, with no worker. */
export interface StepRig extends Rig {
  recorder(actor?: { readonly type: "WORKER" | "SYSTEM" }): Recorder;
  /** A task of a job of its own. */
  claimOne(by: Recorder): Promise<Claim>;
  historyOf(claim: Claim): Promise<ToldChange[]>;
  taskOf(claim: Claim): Promise<Record<string, unknown>>;
  /** As a recorder sends it, but that nothing is kept or sent again. */
  send(changes: string): Promise<{ refused: string[]; cancelRequested: string[] }>;
  /** For a test that has seen enough: as a sweep would end it. */
  dismiss(claim: Claim): Promise<void>;
}

export async function createStepRig(): Promise<StepRig> {
  const rig = await createRig([six]);
  return {
    ...rig,
    recorder({ type } = { type: "WORKER" }) {
      const workerId = type === "WORKER" ? randomUUID() : null;
      return new Recorder({
        db: rig.db,
        actor: { type, name: workerId === null ? "system:sweep" : `worker:${workerId}` },
        workerId,
        leaseMs: 30_000,
        crashLimit: 3,
        onDue: () => undefined,
        onError: () => undefined,
      });
    },
    async claimOne(by) {
      await rig.submit("six", 1);
      const [claim] = await by.claim({ ids: [], registry: rig.deps.registry, limit: 1 });
      return claim!;
    },
    historyOf: ({ taskId }) =>
      rig.db.query(
        "select version, reason, to_stage as stage from headway.status_change where entity_id = $1 order by position",
        [taskId],
      ),
    taskOf: async ({ taskId }) => (await rig.db.query("select * from headway.task where id = $1", [taskId]))[0],
    async send(changes) {
      const rows = await rig.db.query("select headway.record_changes('WORKER', 'worker:x', null, 3, $1) as answer", [
        changes,
      ]);
      return rows[0].answer;
    },
    async dismiss({ taskId }) {
      await rig.db.query(
        `update headway.task set status = 'FAILED', version = version + 1, change_id = gen_random_uuid(), changed_by_type = 'SYSTEM',
           changed_by = 'test', change_reason = 'POISONED', finished_at = clock_timestamp(), worker_id = null, lease_expires_at = null,
           error_code = 'CRASHED', error_message = 'dismissed', error_stage = stage where id = $1`,
        [taskId],
      );
      await rig.db.query("select headway.converge(job_id) from headway.task where id = $1", [taskId]);
    },
  };
}

/** On to the stage of that place, which begins before this is recorded. */
export function ahead(
  by: Recorder,
  { taskId, fence }: Claim,
  place: number,
  outputJson = "1",
): Promise<Recorded | null> {
  const stage = STEP_NAMES[place]!;
  return by.record({ kind: "stage", taskId, fence, stage, maxAttempts: 3, outputJson, isAhead: true });
}

/** Steps that go on from stage to stage, as they travel. */
export function rawSteps({ taskId, fence }: Claim, { first, ages }: RawSteps): string {
  const change = randomUUID();
  return JSON.stringify([
    {
      task: taskId,
      fence,
      change,
      first,
      ages,
      kind: "stage",
      ahead: true,
      maxAttempts: 3,
      outputs: ages.map(() => 1),
    },
  ]);
}
