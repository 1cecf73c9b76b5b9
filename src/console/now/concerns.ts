import type { DoctorQuery, NowTroubleQuery, NowWorkersQuery, PipelinesQuery } from "../generated/operations.js";
import { counted } from "../parts/format.js";
import type { IconName } from "../parts/icons.js";

/** What needs a person: a sentence, since when, and what it is about. */
export interface Concern {
  readonly key: string;
  readonly kind: string;
  readonly icon: IconName;
  readonly message: string;
  /** Null where it is not known. */
  readonly since: string | null;
  readonly subject:
    | { readonly type: "job"; readonly id: string; readonly name: string; readonly canRetry: boolean }
    | { readonly type: "worker"; readonly id: string; readonly name: string }
    | { readonly type: "pipeline"; readonly name: string }
    | { readonly type: "invariants" };
}

/** What was asked; undefined is not there yet, or may not be seen. */
interface Findings {
  readonly trouble: NowTroubleQuery | undefined;
  readonly workers: NowWorkersQuery | undefined;
  readonly pipelines: PipelinesQuery | undefined;
  readonly doctor: DoctorQuery | undefined;
}

/** Worst first: what holds up others, then what has ended badly, then what somebody has decided. */
export function concernsIn({ trouble, workers, pipelines, doctor }: Findings): readonly Concern[] {
  return [
    ...(doctor ? ofInvariants(doctor) : []),
    ...(workers ? ofWorkers(workers) : []),
    ...(workers && pipelines ? unserved(workers, pipelines) : []),
    ...(trouble?.stuck.nodes ?? []).map(stuck),
    ...(trouble?.failed.nodes ?? []).filter(isNewest).map(failed),
    ...(pipelines ? paused(pipelines) : []),
  ];
}

/** A failed job needs nobody any more once a later one of its collection has been submitted. */
function isNewest({ id, collection }: NowTroubleQuery["failed"]["nodes"][number]): boolean {
  return collection.lastJob?.id === id;
}

function ofInvariants({ doctor }: DoctorQuery): Concern[] {
  if (doctor.length === 0) return [];
  const [first] = doctor;
  const more = doctor.length > 1 ? ` And ${counted(doctor.length - 1, "more", "more")}.` : "";
  const message = `${first!.invariant}: ${first!.detail}${more}`;
  return [
    { key: "invariants", kind: "Broken invariant", icon: "bug", message, since: null, subject: { type: "invariants" } },
  ];
}

function ofWorkers({ workers }: NowWorkersQuery): Concern[] {
  return workers
    .filter(({ status }) => status === "STALLED" || status === "LOST")
    .map(({ id, status, hostname, pid, running, lastLoopAt, heartbeatAt }) => {
      const name = `${hostname}, process ${pid}`;
      const holds = `It holds ${counted(running, "task")}.`;
      const message =
        status === "STALLED"
          ? `The worker at ${name} beats, but takes no work and does none. ${holds} Restart it; its tasks are given back.`
          : `The worker at ${name} is gone. Its tasks are given back by themselves; start another where it is missed.`;
      return {
        key: `worker ${id}`,
        kind: status === "STALLED" ? "Worker stalled" : "Worker lost",
        icon: "server" as const,
        message,
        since: status === "STALLED" ? lastLoopAt : heartbeatAt,
        subject: { type: "worker" as const, id, name },
      };
    });
}

/** Pipelines that have work due and no worker that runs them. */
function unserved({ workers }: NowWorkersQuery, { pipelines }: PipelinesQuery): Concern[] {
  const served = new Set(
    workers.filter(({ status }) => status !== "LOST" && status !== "STOPPED").flatMap((worker) => worker.pipelines),
  );
  return pipelines
    .filter(({ name, queued }) => queued > 0 && !served.has(name))
    .map(({ name, queued, oldestQueuedAt }) => ({
      key: `unserved ${name}`,
      kind: "No worker",
      icon: "server" as const,
      message: `${counted(queued, "task")} of ${name} wait, and no worker runs it. Start one with this pipeline.`,
      since: oldestQueuedAt,
      subject: { type: "pipeline" as const, name },
    }));
}

function stuck({
  id,
  statusChangedAt,
  pipeline,
  collection,
  waitingOn,
}: NowTroubleQuery["stuck"]["nodes"][number]): Concern {
  return {
    key: `stuck ${id}`,
    kind: "Stuck job",
    icon: "warning",
    message: waitingOn?.message ?? "Something of it is due and nobody takes it.",
    since: statusChangedAt,
    subject: { type: "job", id, name: `${collection.name} · ${pipeline}`, canRetry: false },
  };
}

function failed(job: NowTroubleQuery["failed"]["nodes"][number]): Concern {
  const { id, status, statusChangedAt, pipeline, collection, counts, errorGroups, canRetry } = job;
  const kinds = errorGroups
    .slice(0, 3)
    .map(({ code, stage, count }) => `${code}${stage ? ` at ${stage}` : ""} (${count})`);
  const ended = [
    counts.failed > 0 ? `${counted(counts.failed, "document")} of ${counts.total} failed` : "",
    counts.cancelled > 0 ? `${counts.cancelled} cancelled` : "",
  ].filter((part) => part !== "");
  const what = ended.join(", ") || "The stages over all documents failed";
  return {
    key: `failed ${id}`,
    kind: status === "FAILED" ? "Failed job" : "Job with failures",
    icon: "cross",
    message: `${what}${kinds.length > 0 ? `: ${kinds.join(", ")}` : ""}.`,
    since: statusChangedAt,
    subject: { type: "job", id, name: `${collection.name} · ${pipeline}`, canRetry: canRetry.allowed },
  };
}

function paused({ pipelines }: PipelinesQuery): Concern[] {
  return pipelines
    .filter((pipeline) => pipeline.paused)
    .map(({ name, pausedReason, queued, oldestQueuedAt }) => ({
      key: `paused ${name}`,
      kind: "Paused pipeline",
      icon: "pause" as const,
      message: `${name} is paused${pausedReason ? `: ${pausedReason}` : ""}. ${counted(queued, "task")} wait.`,
      since: oldestQueuedAt,
      subject: { type: "pipeline" as const, name },
    }));
}
