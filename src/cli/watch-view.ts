import type { ApiClient } from "./client.js";
import { createProgress, type Progress, type StageProgress } from "./progress.js";
import type { ChangeEvent, GapEvent } from "./follow.js";
import { colors, counted, duration, painted, plain, say, sayJsonLine } from "./print.js";
import { TaskNames } from "./task-names.js";

/** A job as a watch reads it. */
export interface WatchedJob {
  readonly id: string;
  readonly pipeline: string;
  readonly pipelineVersion: number;
  readonly run: number;
  readonly status: string;
  readonly version: number;
  readonly counts: Readonly<Record<"total" | "completed" | "failed" | "cancelled" | "skipped", number>>;
  readonly stageCounts: readonly StageProgress[];
  readonly summary: {
    readonly durationMs: number;
    readonly errors: readonly { readonly code: string; readonly stage: string | null; readonly count: number }[];
  } | null;
  /** The first of what its stages wrote. */
  readonly artifacts: {
    readonly nodes: readonly { readonly name: string; readonly sizeBytes: number }[];
    readonly pageInfo: { readonly hasNextPage: boolean };
  };
}

/** Shows a watch: as JSON lines, as lines, or as bars on a terminal. */
export interface View {
  start(job: WatchedJob): void;
  /** @throws {HeadwayError} UNREACHABLE before anything of it is shown */
  change(event: ChangeEvent): Promise<void>;
  gap(event: GapEvent, now: WatchedJob): void;
  lost(why: string): void;
  stopped(cursor: string, resumeCommand: string): void;
  end(job: WatchedJob): void;
  /** After anything else, also where it broke off. */
  close(): void;
}

export function createView(client: ApiClient, job: WatchedJob, isJson: boolean): View {
  if (isJson) return new JsonView();
  const names = new TaskNames(client, job.id);
  return process.stdout.isTTY ? new BarView(client, names, job) : new LineView(names);
}

/** Every event as the API gave it, then the job; a watch that was stopped ends with where to resume. */
class JsonView implements View {
  start(): void {}
  async change(event: ChangeEvent): Promise<void> {
    sayJsonLine(event);
  }
  gap(event: GapEvent): void {
    sayJsonLine(event);
  }
  lost(why: string): void {
    process.stderr.write(`${plain(why)}; trying again.\n`);
  }
  stopped(cursor: string): void {
    sayJsonLine({ kind: "Stopped", resumeAfter: cursor });
  }
  end(job: WatchedJob): void {
    sayJsonLine({ kind: "Job", ...job });
  }
  close(): void {}
}

class LineView implements View {
  constructor(protected readonly names: TaskNames) {}

  start({ id, pipeline, pipelineVersion, run, status, counts }: WatchedJob): void {
    const settled = counts.completed + counts.failed + counts.cancelled + counts.skipped;
    say(`Job ${id}, pipeline ${pipeline} ${pipelineVersion}, run ${run}: ${painted(status)}`);
    say(`${settled} of ${counted(counts.total, "document")} settled`);
  }

  async change(event: ChangeEvent): Promise<void> {
    say(lineOf(event, await this.names.of(event)));
  }

  gap({ cause }: GapEvent, now: WatchedJob): void {
    say(`Some changes are no longer available: ${plain(cause)} The job is ${painted(now.status)} now.`);
  }

  lost(why: string): void {
    process.stderr.write(`${plain(why)}; trying again.\n`);
  }

  stopped(_cursor: string, resumeCommand: string): void {
    say(`Stopped watching; the job continues. Resume watching with: ${resumeCommand}`);
  }

  end({ id, status, counts, summary, artifacts }: WatchedJob): void {
    const parts = (["completed", "failed", "cancelled", "skipped"] as const)
      .filter((name) => counts[name] > 0)
      .map((name) => `${counts[name]} ${name}`);
    const after = summary ? ` after ${duration(summary.durationMs)}` : "";
    say(`${painted(status)}${after}: ${parts.join(", ") || "nothing to do"}`);
    for (const { code, stage, count } of summary?.errors ?? []) say(`  ${code} at ${stage ?? "?"}: ${count}`);
    if (artifacts.nodes.length === 0) return;
    const names = artifacts.nodes.map(({ name }) => plain(name));
    say(`It wrote ${names.join(", ")}${artifacts.pageInfo.hasNextPage ? " and more" : ""}.`);
    say(`Download one with: npx headway-api download ${id} ${names[0]}`);
  }

  close(): void {}
}

/** Counts are read at most this often while changes come in. */
const COUNTS_EVERY_MS = 250;

/** Bars that follow the counts; each failure is a line above them. */
class BarView extends LineView {
  readonly #client: ApiClient;
  readonly #jobId: string;
  readonly #progress: Progress;
  #readAt = 0;
  #isOpen = true;

  constructor(client: ApiClient, names: TaskNames, job: WatchedJob) {
    super(names);
    this.#client = client;
    this.#jobId = job.id;
    this.#progress = createProgress(job.counts.total);
  }

  override start(job: WatchedJob): void {
    super.start(job);
    this.#progress.update(job.stageCounts);
  }

  override async change(event: ChangeEvent): Promise<void> {
    const name = event.toStatus === "FAILED" ? await this.names.of(event) : "";
    if (Date.now() - this.#readAt >= COUNTS_EVERY_MS) {
      this.#readAt = Date.now();
      const { job } = await this.#client.query<{ job: { stageCounts: StageProgress[] } }>(
        "query ($id: ID!) { job(id: $id) { stageCounts { stage queued running completed failed } } }",
        { id: this.#jobId },
      );
      this.#progress.update(job.stageCounts);
    }
    if (event.toStatus === "FAILED" && event.entityType === "TASK") {
      this.#progress.failed(name, event.fromStage ?? "?", plain(event.message ?? ""));
    }
  }

  override gap(event: GapEvent, now: WatchedJob): void {
    this.#progress.update(now.stageCounts);
    super.gap(event, now);
  }

  override stopped(cursor: string, resumeCommand: string): void {
    this.close();
    super.stopped(cursor, resumeCommand);
  }

  override end(job: WatchedJob): void {
    this.#progress.update(job.stageCounts);
    this.close();
    super.end(job);
  }

  override close(): void {
    if (this.#isOpen) this.#progress.end();
    this.#isOpen = false;
  }
}

/** One change on one line: when, what, to which status and stage, why. */
export function lineOf(change: ChangeEvent, name: string): string {
  const { at, entityType, toStatus, toStage, reason, message, attempt } = change;
  const stage = toStage ? ` ${toStage}${attempt && attempt > 1 ? ` (try ${attempt})` : ""}` : "";
  const what = entityType === "TASK" ? plain(name) : entityType.toLowerCase();
  const why = message ? `: ${plain(message)}` : "";
  return `${colors.dim(at.slice(11, 23))}  ${what}  ${painted(toStatus)}${stage}  ${reason}${why}`;
}
