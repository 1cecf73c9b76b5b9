import { UserFault } from "../../errors.js";
import type { Actor, EngineDeps } from "../engine.js";
import { Faults } from "../input.js";
import { toStorableMessage } from "../storable.js";
import { pipelineNamed } from "../submit/submit.js";

/**
 * Claims leave the pipeline's tasks out from here on; what runs goes on. Pausing what is paused sets the new reason.
 * @throws {UserFault} UNKNOWN_PIPELINE, INVALID_INPUT for a blank reason
 */
export async function pausePipeline(
  deps: EngineDeps,
  actor: Actor,
  input: { readonly pipeline: string; readonly reason: string },
): Promise<void> {
  const faults = new Faults();
  faults.note(() => pipelineNamed(deps.registry, input.pipeline));
  const reason = toStorableMessage(input.reason.trim());
  if (reason === "") {
    const message = "reason is blank; it is shown for the jobs that wait.";
    faults.add(new UserFault("INVALID_INPUT", message, ["reason"]));
  }
  faults.assertNone();
  await deps.db.query(
    `insert into headway.pipeline_pause (project_id, pipeline, reason, paused_by) values ($1, $2, $3, $4)
     on conflict (project_id, pipeline) do update set reason = excluded.reason, paused_by = excluded.paused_by`,
    [actor.projectId, input.pipeline, reason, actor.name],
  );
  // How long it stays paused says nothing of how wrong they were.
  await deps.db.query(
    `delete from headway.job_forecast f using headway.job j
     where j.id = f.job_id and j.project_id = $1 and j.pipeline = $2 and j.finished_at is null`,
    [actor.projectId, input.pipeline],
  );
}

/** Its tasks are claimed again, at the next poll. Resuming what is not paused changes nothing. @throws {UserFault} UNKNOWN_PIPELINE */
export async function resumePipeline(
  deps: EngineDeps,
  actor: Actor,
  input: { readonly pipeline: string },
): Promise<void> {
  pipelineNamed(deps.registry, input.pipeline);
  await deps.db.query("delete from headway.pipeline_pause where project_id = $1 and pipeline = $2", [
    actor.projectId,
    input.pipeline,
  ]);
}
