import { UserFault } from "../../errors.js";
import type { Actor, EngineParts } from "../engine.js";
import { toStorableMessage } from "../storable.js";
import { pipelineNamed } from "../submit/submit.js";

/**
 * Claims leave the pipeline's tasks out from here on; what runs goes on. Pausing what is paused sets the new reason.
 * @throws {UserFault} UNKNOWN_PIPELINE, INVALID_INPUT for a blank reason
 */
export async function pausePipeline(
  parts: EngineParts,
  actor: Actor,
  input: { readonly pipeline: string; readonly reason: string },
): Promise<void> {
  pipelineNamed(parts.registry, input.pipeline);
  const reason = toStorableMessage(input.reason.trim());
  if (reason === "") {
    throw new UserFault("INVALID_INPUT", "reason is blank; say why, for those who wonder what their jobs wait for.", [
      "reason",
    ]);
  }
  await parts.db.query(
    `insert into pipeline_pause (project_id, pipeline, reason, paused_by) values ($1, $2, $3, $4)
     on conflict (project_id, pipeline) do update set reason = excluded.reason, paused_by = excluded.paused_by`,
    [actor.projectId, input.pipeline, reason, actor.name],
  );
}

/** Its tasks are claimed again, at the next poll. Resuming what is not paused changes nothing. @throws {UserFault} UNKNOWN_PIPELINE */
export async function resumePipeline(
  parts: EngineParts,
  actor: Actor,
  input: { readonly pipeline: string },
): Promise<void> {
  pipelineNamed(parts.registry, input.pipeline);
  await parts.db.query("delete from pipeline_pause where project_id = $1 and pipeline = $2", [
    actor.projectId,
    input.pipeline,
  ]);
}
