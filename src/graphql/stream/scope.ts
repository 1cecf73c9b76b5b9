import type { Scope } from "../../engine/stream/scope.js";
import type { KeyScope } from "../../access/keys.js";
import { BadInput } from "../../errors.js";
import type { GraphContext } from "../context.js";
import { optionalUuid } from "../ids.js";
import type { ScopeArgs } from "./stream.input.js";

/** What a stream's arguments ask for. @throws {BadInput} on more than one of them, or an unknown id */
export async function scopeOf({ loaders, projectId, principal }: GraphContext, args: ScopeArgs): Promise<Scope> {
  const collectionId = optionalUuid(args.collectionId, "collectionId");
  const jobId = optionalUuid(args.jobId, "jobId");
  const taskId = optionalUuid(args.taskId, "taskId");
  if ([collectionId, jobId, taskId].filter((id) => id !== null).length > 1) {
    throw new BadInput("Give at most one of collectionId, jobId and taskId.");
  }
  if (collectionId !== null) {
    // A collection's stream tells of all its jobs, and a key of one job sees no other.
    const seesAll = principal.scope === null || principal.scope.jobId === null;
    if (!seesAll || !(await loaders.collection.load(collectionId))) throw unknown("collectionId", collectionId);
    return { kind: "collection", projectId, collectionId };
  }
  if (jobId !== null) {
    const job = await loaders.job.load(jobId);
    if (!job) throw unknown("jobId", jobId);
    return { kind: "job", projectId, collectionId: job.collectionId, jobId };
  }
  if (taskId !== null) {
    const task = await loaders.task.load(taskId);
    if (!task) throw unknown("taskId", taskId);
    return { kind: "task", projectId, collectionId: task.collectionId, taskId };
  }
  return principal.scope === null ? { kind: "project", projectId } : ofKey(projectId, principal.scope);
}

/** All that a key of one collection or one job may see. */
function ofKey(projectId: string, { collectionId, jobId }: KeyScope): Scope {
  return jobId === null
    ? { kind: "collection", projectId, collectionId }
    : { kind: "job", projectId, collectionId, jobId };
}

function unknown(field: string, id: string): BadInput {
  return new BadInput(`${field}: there is nothing with the id ${id}.`, { field });
}
