import type { AttentionKind, NowAttentionQuery, PausedPipelinesQuery } from "../generated/operations.js";
import { counted } from "../parts/format.js";
import type { IconName } from "../parts/icons.js";

type Item = NowAttentionQuery["attention"]["items"][number];

/** What needs a person, as the API tells it, with what the page can do about it. */
export interface Concern {
  readonly id: string;
  readonly kind: AttentionKind;
  readonly title: string;
  readonly icon: IconName;
  readonly message: string;
  readonly since: string;
  /** What somebody has said of it; null while nobody knows of it. */
  readonly known: { readonly by: string; readonly word: string; readonly at: string } | null;
  readonly job: { readonly id: string; readonly name: string; readonly canRetry: boolean } | null;
  readonly worker: { readonly id: string } | null;
  /** The pipeline that can be resumed. */
  readonly paused: string | null;
}

type Look = readonly [title: string, icon: IconName];
const LOOKS: Readonly<Record<AttentionKind, Look>> = {
  INVARIANT_BROKEN: ["Broken invariant", "bug"],
  DEPENDENCY_AWAY: ["Dependency unavailable", "server"],
  NO_WORKER: ["No worker", "server"],
  WORKER_STALLED: ["Worker stalled", "server"],
  WORKER_LOST: ["Worker lost", "server"],
  STUCK_JOB: ["Stuck job", "warning"],
  FAILED_JOB: ["Failed job", "cross"],
  PIPELINE_PAUSED: ["Paused pipeline", "pause"],
  WEBHOOK_DISABLED: ["Webhook disabled", "warning"],
};

/** In the API's order: the worst first, and what somebody knows of last. */
export function concernsIn(
  { items }: NowAttentionQuery["attention"],
  pipelines: PausedPipelinesQuery | undefined,
): readonly Concern[] {
  return items.map((item) => {
    const { id, kind, since, subject, acknowledgedBy, acknowledgedWord, acknowledgedAt } = item;
    // A later server may know of kinds that this page does not.
    const [title, icon] = (LOOKS as Partial<typeof LOOKS>)[kind] ?? ([kind, "warning"] satisfies Look);
    return {
      id,
      kind,
      title,
      icon,
      message: messageOf(item, pipelines),
      since,
      known: acknowledgedBy && { by: acknowledgedBy.name, word: acknowledgedWord ?? "", at: acknowledgedAt! },
      job: subject?.__typename === "Job" ? jobOf(subject) : null,
      worker: subject?.__typename === "Worker" ? { id: subject.id } : null,
      paused: kind === "PIPELINE_PAUSED" ? item.pipeline : null,
    };
  });
}

function jobOf({ id, pipeline, collection, canRetry }: Extract<NonNullable<Item["subject"]>, { __typename: "Job" }>) {
  return { id, name: `${collection.name} · ${pipeline}`, canRetry: canRetry.allowed };
}

/** The item's own sentence, with the figures that it leaves to be looked at: what failed, and what is waited for. */
function messageOf(item: Item, pipelines: PausedPipelinesQuery | undefined): string {
  const { kind, message, subject } = item;
  if (subject?.__typename === "Job" && kind === "FAILED_JOB" && subject.errorGroups.length > 0) {
    const kinds = subject.errorGroups
      .slice(0, 3)
      .map(({ code, stage, count }) => `${code}${stage ? ` at ${stage}` : ""} (${count})`);
    const more = subject.errorGroups.length > 3 ? ` and ${counted(subject.errorGroups.length - 3, "more group")}` : "";
    return `${counted(subject.counts.failed, "document")} of ${subject.counts.total} failed: ${kinds.join(", ")}${more}.`;
  }
  if (subject?.__typename === "Job" && kind === "STUCK_JOB" && subject.waitingOn) return subject.waitingOn.message;
  if (subject?.__typename === "Worker" && subject.running > 0)
    return `${message} It is running ${counted(subject.running, "task")}.`;
  const waiting = pipelines?.pipelines.find(({ name, paused }) => paused && name === item.pipeline)?.queued ?? 0;
  return kind === "PIPELINE_PAUSED" && waiting > 0
    ? `${message} (${counted(waiting, "task is waiting", "tasks are waiting")}.)`
    : message;
}
