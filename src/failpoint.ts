import { writeSync } from "node:fs";

/** Places between two side effects where a test may end, hang or fail the process; one line each in test/faults. */
export const FAILPOINTS = [
  "submit.before_commit",
  "submit.after_commit",
  "cancel.before_commit",
  "cancel.after_commit",
  "retry.after_commit",
  "operation.after_step",
  "operation.after_last_step",
  "hint.before_claim",
  "claim.after_commit",
  "stage.before_run",
  "stage.after_run",
  "stage.ahead",
  "flush.before_send",
  "flush.after_commit",
  "complete.after_commit",
  "heartbeat.after_commit",
  "sweep.before_rescue",
  "sweep.after_converge",
  "expiry.after_decision",
  "expiry.after_files",
  "upload.before_write",
  "upload.after_write",
  "upload.after_commit",
  "upload.before_part",
  "upload.before_joined",
  "artifact.before_write",
  "artifact.after_write",
  "webhook.after_claim",
  "webhook.after_send",
  "webhook.after_record",
] as const;
export type Failpoint = (typeof FAILPOINTS)[number];

const EFFECTS = ["kill9", "throw", "hang"] as const;
type Effect = (typeof EFFECTS)[number];

interface Armed {
  readonly name: Failpoint;
  readonly effect: Effect;
  /** Fires at this passage and, but for kill9, at every later one up to `last`. */
  readonly first: number;
  readonly last: number;
  passages: number;
}

let armed: Armed | null = null;

/**
 * Arms one failpoint of this process: `name:effect`, `name:effect@3` from the third passage on, `name:effect@3-3` at
 * the third only.
 * @throws {Error} naming what is wrong with it
 */
export function armFailpoint(spec: string): void {
  const match = /^([a-z_.]+):([a-z0-9]+)(?:@(\d+)(?:-(\d+))?)?$/.exec(spec);
  const [, name, effect, first = "1", last] = match ?? [];
  if (!FAILPOINTS.includes(name as Failpoint) || !EFFECTS.includes(effect as Effect)) {
    throw new Error(
      `HEADWAY_FAILPOINT is "${spec}"; it must be <failpoint>:<${EFFECTS.join("|")}>, see src/failpoint.ts.`,
    );
  }
  armed = {
    name: name as Failpoint,
    effect: effect as Effect,
    first: Number(first),
    last: last === undefined ? Infinity : Number(last),
    passages: 0,
  };
}

/** Does nothing, and costs one comparison, unless this very failpoint is armed. */
export function failpoint(name: Failpoint): Promise<void> | undefined {
  return armed === null || armed.name !== name ? undefined : fire(armed);
}

async function fire(point: Armed): Promise<void> {
  point.passages += 1;
  if (point.passages < point.first || point.passages > point.last) return;
  // At once and not through a stream: the process may end on the next line, and the test must know that it fired.
  writeSync(2, `failpoint ${point.name}:${point.effect} fired\n`);
  if (point.effect === "kill9") process.kill(process.pid, "SIGKILL");
  if (point.effect === "throw") throw new Error(`failpoint ${point.name}`);
  await new Promise<never>(() => undefined);
}
