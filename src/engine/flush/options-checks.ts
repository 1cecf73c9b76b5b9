import type { DataSource } from "typeorm";
import { messageOf } from "../../errors.js";
import { checkOptions } from "../../pipelines/options.js";
import type { Registry } from "../../pipelines/registry.js";
import { toStorableMessage } from "../storable.js";

/** A job of an earlier version whose options nobody of this version has looked at yet. */
export interface UncheckedOptions {
  readonly jobId: string;
  readonly pipeline: string;
  /** Of the pipeline of the worker that is to look. */
  readonly version: number;
  readonly options: unknown;
}

/**
 * Finds out whether this worker's pipelines take the options of jobs that were submitted with an earlier version, and
 * keeps it for all workers of the version: claims look there.
 */
export async function keepOptionsChecks(
  db: DataSource,
  registry: Registry,
  unchecked: readonly UncheckedOptions[],
): Promise<void> {
  const checks = unchecked.map(({ jobId, pipeline, version, options }) => ({
    jobId,
    version,
    refusal: refusalOf(registry, pipeline, options),
  }));
  await db.query(
    `insert into headway.options_check (job_id, project_id, pipeline_version, refusal)
     select j.id, j.project_id, c.version, c.refusal
     from jsonb_to_recordset($1) as c("jobId" uuid, version int, refusal text) join headway.job j on j.id = c."jobId"
     on conflict (job_id, pipeline_version) do nothing`,
    [JSON.stringify(checks)],
  );
}

function refusalOf(registry: Registry, name: string, options: unknown): string | null {
  const pipeline = registry.get(name);
  if (!pipeline) return `There is no pipeline "${name}".`;
  try {
    const { refusal } = checkOptions(pipeline, options);
    return refusal === null ? null : toStorableMessage(refusal);
  } catch (error) {
    // A schema that throws takes nothing.
    return toStorableMessage(messageOf(error));
  }
}
