import { withClient, type ClientOptions } from "./connection.js";
import { UsageError } from "./exit-codes.js";
import { kindOf } from "./find.js";
import { counted, painted, say, sayJson } from "./print.js";

export interface RetryOptions extends ClientOptions {
  readonly from: string;
  readonly errorCode?: readonly string[];
  readonly reason?: string;
}
interface TaskPayload {
  readonly task: { readonly id: string; readonly status: string; readonly job: { readonly id: string } };
  readonly userErrors: [];
}
const TASK = "task { id status stage attempt version job { id status } } userErrors { code message }";

/** `headway retry JOB|TASK` */
export async function runRetry(id: string, options: RetryOptions): Promise<void> {
  const { from, errorCode, reason } = options;
  await withClient(options, async (client) => {
    const kind = await kindOf(client, id, ["Job", "Task"]);
    if (kind === "Task") {
      if (errorCode) throw new UsageError(`--error-code selects tasks of a job, but ${id} is a task.`);
      const { task } = await client.mutate<TaskPayload>(
        `mutation ($input: RetryTaskInput!) { retryTask(input: $input) { ${TASK} } }`,
        { input: { taskId: id, from, reason: reason ?? null } },
      );
      if (options.json) return sayJson({ task });
      return say(`Task ${id} is ${painted(task.status)}. Watch it with: headway watch ${task.job.id}`);
    }
    const input = { jobId: id, from, reason: reason ?? null, errorCodes: errorCode };
    const { job, retriedTasks } = await client.mutate<{
      job: { status: string; run: number };
      retriedTasks: number;
      userErrors: [];
    }>(
      `mutation ($input: RetryJobInput!) {
         retryJob(input: $input) { job { id status run version } retriedTasks userErrors { code message } } }`,
      { input },
    );
    if (options.json) return sayJson({ job, retriedTasks });
    say(`Retrying ${counted(retriedTasks, "task")} of job ${id}, run ${job.run}: ${painted(job.status)}.`);
    say(`Watch it with: headway watch ${id}`);
  });
}

/** `headway cancel JOB|TASK` */
export async function runCancel(id: string, options: ClientOptions & { readonly reason?: string }): Promise<void> {
  await withClient(options, async (client) => {
    const kind = await kindOf(client, id, ["Job", "Task"]);
    if (kind === "Task") {
      const { task } = await client.mutate<TaskPayload>(
        `mutation ($input: CancelTaskInput!) { cancelTask(input: $input) { ${TASK} } }`,
        { input: { taskId: id, reason: options.reason ?? null } },
      );
      if (options.json) return sayJson({ task });
      return say(`Task ${id} ${standing(task.status)}`);
    }
    const { job } = await client.mutate<{ job: { status: string }; userErrors: [] }>(
      `mutation ($input: CancelJobInput!) {
         cancelJob(input: $input) { job { id status run version } userErrors { code message } } }`,
      { input: { jobId: id, reason: options.reason ?? null } },
    );
    if (options.json) return sayJson({ job });
    say(`Job ${id} ${standing(job.status)}`);
  });
}

function standing(status: string): string {
  const isOver = status === "CANCELLED";
  return isOver ? `is ${painted(status)}.` : `is ${painted(status)}; running tasks have been asked to stop.`;
}
