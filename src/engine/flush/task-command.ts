import { ENDINGS, type Cause } from "../../lifecycle/reasons.js";
import type { StagedCounts } from "../../pipelines/pipeline.js";
import type { DocumentFacts } from "../../sources/source.js";
import { toStorableMessage } from "../storable.js";

/** As it stands on the task. */
export interface TaskWarning {
  readonly code: string;
  readonly message: string;
  readonly count: number;
  readonly pages: readonly number[];
}

interface CommandBase {
  readonly taskId: string;
  /** The claim under which this is written. */
  readonly fence: string;
  readonly document?: DocumentFacts;
  /** Fences under which text and chunks were staged, where this stage staged any. */
  readonly textFence?: string;
  readonly chunkFence?: string;
  readonly warnings?: readonly TaskWarning[];
}

/** The output of a stage that has been passed, and what ran: see the task's columns; absent where they stay as they are. */
interface PassedStage {
  readonly pipelineVersion?: number;
  readonly isMixed?: boolean;
  readonly outputJson: string;
}

/** What a worker, or the sweep, wants recorded of one task. */
export type TaskCommand =
  | (CommandBase & PassedStage & { readonly kind: "stage"; readonly stage: string; readonly maxAttempts: number })
  /** The next stage is none of this worker's: the task is given to one that has it. */
  | (CommandBase & PassedStage & { readonly kind: "hand_on"; readonly stage: string })
  | (CommandBase &
      PassedStage & {
        readonly kind: "complete";
        /** What the stage's check has accepted; the database refuses the command when it finds something else. */
        readonly staged?: StagedCounts;
      })
  /** The content is one that has been completed before: its results stand, the rest of the stages is left out. */
  | (CommandBase & { readonly kind: "skip" })
  | (CommandBase & {
      readonly kind: "end";
      readonly cause: Cause;
      /** Replaces the cause's own code. */
      readonly code?: string;
      readonly message?: string;
      /** Of the handler's own error; storable, at most 8,000 characters. */
      readonly stack?: string;
      readonly delayMs?: number;
      /** Only if the lease has passed by now, on the database's clock. */
      readonly expired?: boolean;
    })
  | (CommandBase & { readonly kind: "deadline"; readonly message?: string });

/** What the writer wanted the task to become, for people. */
export function wantedOf(command: TaskCommand): string {
  if (command.kind === "stage") return "RUNNING";
  if (command.kind === "hand_on") return "QUEUED";
  if (command.kind === "complete") return "COMPLETED";
  if (command.kind === "skip") return "SKIPPED";
  return command.kind === "end" ? command.cause : "CANCELLED";
}

/** The command as the SQL function takes it; the output is spliced in as it was serialised. */
export function toJson(command: TaskCommand, changeId: string): string {
  const { taskId: task, fence, document, textFence, chunkFence, warnings } = command;
  const common = { task, fence, change: changeId, kind: command.kind, document, textFence, chunkFence, warnings };
  if (command.kind === "deadline") return JSON.stringify({ ...common, message: command.message });
  if (command.kind === "skip") return JSON.stringify(common);
  if (command.kind === "end") {
    const { again, final, code, countsAs } = ENDINGS[command.cause];
    return JSON.stringify({
      ...common,
      again,
      final,
      countsAs,
      code: command.code ?? code,
      message: command.message === undefined ? undefined : toStorableMessage(command.message),
      stack: command.stack,
      retryable: again !== null,
      delayMs: command.delayMs,
      expired: command.expired,
    });
  }
  const { pipelineVersion, isMixed } = command;
  const stage = {
    pipelineVersion,
    isMixed,
    ...(command.kind === "complete" ? { staged: command.staged } : { stage: command.stage }),
    ...(command.kind === "stage" ? { maxAttempts: command.maxAttempts } : {}),
  };
  return `${JSON.stringify({ ...common, ...stage }).slice(0, -1)},"output":${command.outputJson}}`;
}
