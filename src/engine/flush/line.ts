import type { SpanContext } from "@opentelemetry/api";
import { randomUUID } from "node:crypto";
import type { TaskStatus } from "../../lifecycle/status.js";
import { toJson, type TaskCommand } from "./task-command.js";

export interface Recorded {
  readonly status: TaskStatus;
  readonly fence: string;
  /** A cancel has been asked for, and the task goes on until whoever runs it ends it. */
  readonly isCancelRequested: boolean;
  /** When what was recorded was first sent, by the monotonic clock: from then on its lease has been renewed. */
  readonly sentAtMs: number;
}

/** One change of a task on its way into the history. */
export interface TaskStep {
  readonly command: TaskCommand;
  /** When it was, by the monotonic clock. */
  readonly atMs: number;
  /** The span that it was made in, where spans are wanted. */
  readonly span: SpanContext | undefined;
  readonly resolve: (recorded: Recorded | null) => void;
  readonly reject: (error: unknown) => void;
}

/** The steps of a line that travel together, and are sent again as they are. */
export interface Entry {
  readonly line: Line;
  readonly steps: readonly TaskStep[];
  readonly changeId: string;
  readonly first: number | null;
  sentAtMs: number | null;
}

/** What a recorder asks of whoever runs the claim. */
export interface Runner {
  /** What the handler of that stage has reported; null when it has nothing new. */
  readonly progressIn: (stage: string) => { readonly fraction: number; readonly message: string | null } | null;
  /** Resolves when no handler is at work any more: a step before could not be recorded, and is to become the end. */
  readonly stop: () => Promise<void>;
}

/** The steps of one claim that are not recorded yet, in their order. One entry of them is under way at a time. */
export class Line {
  /** The end that a step has become which can't be stored; nothing that is said after it counts. */
  ending: Promise<void> | null = null;
  isQueued = false;
  runner: Runner | null = null;
  #waiting: TaskStep[] = [];
  #sent: readonly TaskStep[] = [];
  #recorded = 0;
  #limit = Infinity;
  readonly #isNumbered: boolean;

  /** @param isNumbered false for a writer that does not run the task: its changes travel one by one */
  constructor(isNumbered: boolean) {
    this.#isNumbered = isNumbered;
  }

  get isIdle(): boolean {
    return this.#waiting.length === 0 && this.#sent.length === 0;
  }

  get isUnderWay(): boolean {
    return this.#sent.length > 0;
  }

  get waiting(): readonly TaskStep[] {
    return this.#waiting;
  }

  /** How many steps nobody has confirmed yet, how large their outputs are, and how old the first is. */
  unrecorded(nowMs: number): { readonly steps: number; readonly bytes: number; readonly ageMs: number } {
    const first = this.#sent[0] ?? this.#waiting[0];
    return {
      steps: this.#sent.length + this.#waiting.length,
      bytes: bytesOf(this.#sent) + bytesOf(this.#waiting),
      ageMs: first ? nowMs - first.atMs : 0,
    };
  }

  add(step: TaskStep): void {
    this.#waiting.push(step);
  }

  /** The next entry: all that waits up to an end. Call it while something waits and nothing is under way. */
  take(): Entry {
    const end = this.#waiting.findIndex(({ command }) => command.kind !== "stage");
    const most = this.#isNumbered ? Math.min(this.#limit, end < 0 ? Infinity : end + 1) : 1;
    const steps = this.#waiting.splice(0, Math.min(most, this.#waiting.length));
    this.#sent = steps;
    const first = this.#isNumbered ? this.#recorded + 1 : null;
    return { line: this, steps, changeId: randomUUID(), first, sentAtMs: null };
  }

  confirm(entry: Entry): void {
    this.#sent = [];
    this.#recorded += entry.steps.length;
    this.#limit = Infinity;
  }

  /** Something of the entry can't be stored: the next one holds half of it, from its beginning. */
  halve(entry: Entry): void {
    this.#sent = [];
    this.#waiting = [...entry.steps, ...this.#waiting];
    this.#limit = Math.ceil(entry.steps.length / 2);
  }

  /** Nothing more of this line is sent. Returns what had waited. */
  drop(): readonly TaskStep[] {
    this.#sent = [];
    return this.#waiting.splice(0);
  }
}

export const taskOf = ({ steps }: Entry): string => steps[0]!.command.taskId;

export function bytesOf(steps: readonly TaskStep[]): number {
  let bytes = 0;
  for (const { command } of steps) bytes += "outputJson" in command ? command.outputJson.length : 0;
  return bytes;
}

/** Of the outputs in one flush; one task's go, however large they are. */
const MAX_FLUSH_BYTES = 8_000_000;

/** What travels together: no task twice, since its answer would be one for both. Returns it and what is left. */
export function splitBatch<T>(
  items: readonly T[],
  most: number,
  taskOf: (item: T) => string,
  sizeOf: (item: T) => number,
): [batch: T[], rest: T[]] {
  const [batch, rest]: [T[], T[]] = [[], []];
  const tasks = new Set<string>();
  let bytes = 0;
  for (const item of items) {
    const size = sizeOf(item);
    const fits = batch.length === 0 || (batch.length < most && bytes + size <= MAX_FLUSH_BYTES);
    if (!fits || tasks.has(taskOf(item))) {
      rest.push(item);
      continue;
    }
    batch.push(item);
    tasks.add(taskOf(item));
    bytes += size;
  }
  return [batch, rest];
}

/** As it is sent now: how long ago its steps were changes with each sending. */
export function entryJson({ line, steps, changeId, first }: Entry, nowMs: number): string {
  const last = steps[steps.length - 1]!.command;
  return toJson(
    steps.map(({ command }) => command),
    {
      changeId,
      first,
      agesMs: steps.map(({ atMs }) => Math.max(0, Math.round((nowMs - atMs) * 1_000) / 1_000)),
      progress: last.kind === "stage" && last.isAhead ? (line.runner?.progressIn(last.stage) ?? null) : null,
    },
  );
}
