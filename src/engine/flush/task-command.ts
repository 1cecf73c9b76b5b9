import { ENDINGS, type Cause, type Ending } from "../../lifecycle/reasons.js";
import type { StagedCounts } from "../../pipelines/stage-settings.js";
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
  | (CommandBase &
      PassedStage & {
        readonly kind: "stage";
        /** The next of the job's list. */
        readonly stage: string;
        readonly maxAttempts: number;
        /** The next stage begins at once, and not when this has been recorded. */
        readonly isAhead?: boolean;
      })
  /** The next stage is none of this worker's, or begins only when its limits allow: the task goes back to the queue. */
  | (CommandBase &
      PassedStage & {
        readonly kind: "hand_on";
        readonly stage: string;
        /** It waits for the limits of that stage, and not for another worker. */
        readonly isQueued?: boolean;
      })
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
      /** Of RETRY_LATER: for how long since the first of them the stage may be put off. */
      readonly laterForMs?: number;
      /** Only if the lease has passed by now, on the database's clock. */
      readonly expired?: boolean;
    })
  | (CommandBase & {
      readonly kind: "deadline";
      readonly message?: string;
      /** As of an end. */
      readonly expired?: boolean;
    });

/** What the writer wanted the task to become, for people. */
export function wantedOf(command: TaskCommand): string {
  if (command.kind === "stage") return "RUNNING";
  if (command.kind === "hand_on") return "QUEUED";
  if (command.kind === "complete") return "COMPLETED";
  if (command.kind === "skip") return "SKIPPED";
  return command.kind === "end" ? command.cause : "CANCELLED";
}

/** How several changes of one task travel: as one entry of a flush. */
export interface Envelope {
  readonly changeId: string;
  /** The number of the first under its claim; null for one who does not run the task. */
  readonly first: number | null;
  /** How long ago each was, in ms. */
  readonly agesMs: readonly number[];
  /** Of the stage that the last one leads to. */
  readonly progress: { readonly fraction: number; readonly message: string | null } | null;
}

/**
 * The steps of one task as the SQL function takes them, with the outputs spliced in as they were serialised. What the
 * stages found out is folded: of facts and metadata what was said last counts.
 *
 * @param commands each but the last of kind "stage"
 */
export function toJson(commands: readonly TaskCommand[], { changeId, first, agesMs, progress }: Envelope): string {
  const last = commands[commands.length - 1]!;
  const { taskId: task, fence, kind, textFence, chunkFence, warnings } = last;
  const entry: Record<string, unknown> = { task, fence, change: changeId, kind, textFence, chunkFence, warnings };
  if (first !== null) Object.assign(entry, { first, ages: agesMs });
  const document = foldFacts(commands);
  if (document) entry["document"] = document;
  if (progress) Object.assign(entry, { progress: progress.fraction, progressMessage: progress.message });
  const stages = commands.filter((command) => command.kind === "stage");
  // An end is judged by what the stage before it allows.
  const begun = stages[stages.length - 1];
  if (begun) entry["maxAttempts"] = begun.maxAttempts;
  if (last.kind === "stage" && last.isAhead) entry["ahead"] = true;
  if (last.kind === "complete") entry["staged"] = last.staged;
  if (last.kind === "deadline") Object.assign(entry, { message: last.message, expired: last.expired });
  if (last.kind === "hand_on" && last.isQueued) entry["again"] = "QUEUED_FOR_LIMIT";
  if (last.kind === "end") Object.assign(entry, endOf(last));
  const passed = commands.filter((command) => "outputJson" in command);
  // Each says what stands in the task after it.
  const { pipelineVersion, isMixed } = passed[passed.length - 1] ?? {};
  Object.assign(entry, { pipelineVersion, isMixed });
  const outputs = passed.map(({ outputJson }) => outputJson);
  return `${JSON.stringify(entry).slice(0, -1)},"outputs":[${outputs.join(",")}]}`;
}

type End = Extract<TaskCommand, { readonly kind: "end" }>;

function endOf({ cause, code, message, stack, delayMs, laterForMs, expired }: End): object {
  const ending: Ending = ENDINGS[cause];
  return {
    again: ending.again,
    final: ending.final,
    countsAs: ending.countsAs,
    code: code ?? ending.code,
    message: message === undefined ? undefined : toStorableMessage(message),
    stack,
    retryable: ending.again !== null,
    suspect: ending.isSuspect,
    delayMs,
    laterForMs,
    expired,
  };
}

function foldFacts(commands: readonly TaskCommand[]): DocumentFacts | undefined {
  let folded: DocumentFacts | undefined;
  for (const { document } of commands) {
    if (!document) continue;
    folded = folded ? { ...folded, ...document, metadata: { ...folded.metadata, ...document.metadata } } : document;
  }
  return folded;
}
