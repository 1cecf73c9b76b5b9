import { Arg, Args, Ctx, FieldResolver, ID, Resolver, Root, Subscription } from "type-graphql";
import type { LogLevelName } from "../../engine/read/task-logs.js";
import { LogLevelEnum } from "../../model/enums.js";
import { LogEntry } from "../../model/log-entry.js";
import { StageOutput } from "../../model/stage-output.js";
import { StageRun, Task } from "../../model/task.js";
import type { GraphContext } from "../context.js";
import { ForwardArgs } from "../paging/list-args.js";
import { sizeOf } from "../paging/page.js";
import { signedUrl } from "../signed-url.js";
import { LogConnection, type LogPage } from "./log-connection.js";
import { logLines } from "./log-stream.js";

const MIN_LEVEL = "Minimum severity; all lines if absent.";

interface Subscribing {
  readonly args: { readonly taskId: string; readonly after?: string | null; readonly minLevel?: LogLevelName | null };
  readonly context: GraphContext;
}

/** A passage as Task.stages hands it on. */
interface PassageOfTask {
  readonly taskId: string;
  readonly fence: string | null;
  readonly stage: string;
  readonly outcome: string | null;
}

@Resolver(() => Task)
export class TaskLogResolver {
  @FieldResolver(() => LogConnection, {
    description: "Lines that the stages wrote to `ctx.logger`, oldest first. Requires OPERATOR.",
  })
  logs(
    @Root() { id }: Task,
    @Args() page: ForwardArgs,
    @Arg("minLevel", () => LogLevelEnum, { nullable: true, description: MIN_LEVEL }) minLevel: LogLevelName | null,
    @Ctx() { loaders }: GraphContext,
  ): Promise<LogPage> {
    const { limit } = sizeOf({ first: page.first });
    return loaders.logs.load(id, { first: limit, after: page.after ?? null, minLevel: minLevel ?? null });
  }

  @Subscription(() => LogEntry, {
    description:
      "Log lines of a task: first the stored lines after the cursor, then new lines within a second or two. Ends when the task has settled. Requires OPERATOR.",
    subscribe: (({ args, context }: Subscribing) => logLines(context, args)) as never,
  })
  taskLogs(
    @Root() line: LogEntry,
    @Arg("taskId", () => ID, { description: "ID of a task." }) _taskId: string,
    @Arg("after", () => String, {
      nullable: true,
      description: "Start after this cursor, which comes from `Task.logs`.",
    })
    _after: string | null,
    @Arg("minLevel", () => LogLevelEnum, { nullable: true, description: MIN_LEVEL }) _minLevel: LogLevelName | null,
  ): LogEntry {
    return line;
  }
}

@Resolver(() => StageRun)
export class StageRunResolver {
  @FieldResolver(() => StageOutput, {
    nullable: true,
    description:
      "Output of the stage. Null while it runs, if it failed, if a later attempt replaced it, after expiry, for VIEWER keys, and for browser keys.",
  })
  async output(@Root() run: StageRun, @Ctx() context: GraphContext): Promise<object | null> {
    const { taskId, fence, stage, outcome } = run as unknown as PassageOfTask;
    if (outcome !== "COMPLETED") return null;
    const kept = (await context.loaders.outputsOfTask.load(taskId)).find(
      (one) => one.stage === stage && one.fence === fence,
    );
    if (!kept) return null;
    const { sizeBytes, value, preview } = kept;
    return {
      sizeBytes,
      value,
      preview,
      get signedUrl() {
        return signedUrl(context, `outputs/${taskId}/${stage}`);
      },
    };
  }
}
