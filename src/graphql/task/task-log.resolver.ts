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

const MIN_LEVEL = "Lines of this level and above; all when absent.";

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
    description: "What its stages have written to ctx.logger, oldest first; for the roles OPERATOR and ADMIN.",
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
      "The lines of a task's log that are there, or are behind the cursor, then each within a second or two; ends when the task is settled. For the roles OPERATOR and ADMIN.",
    subscribe: (({ args, context }: Subscribing) => logLines(context, args)) as never,
  })
  taskLogs(
    @Root() line: LogEntry,
    @Arg("taskId", () => ID, { description: "The id of a task." }) _taskId: string,
    @Arg("after", () => String, { nullable: true, description: "Begin behind this cursor, which is one of Task.logs." })
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
      "What it returned. Null while it runs, where it failed, once a later passage has replaced it, after expiry, for keys below OPERATOR, and for keys made for browsers.",
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
