import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import path from "node:path";
import type pg from "pg";
import { ROOT } from "../test/support/processes.js";
import { BARE_PIPELINE, STAGE_NAMES } from "./peers/bare-job.js";

const FILES = ["columns", "door", "record", "claim"];
const LEASE_MS = 30_000;
const WORKER = randomUUID();
const ACTOR = `worker:${WORKER}`;

/** Makes the second design of the write path (bench/second-design/*.sql) of a migrated database. */
export async function applySecondDesign(db: pg.ClientBase): Promise<void> {
  for (const file of FILES) {
    await db.query(await readFile(path.join(ROOT, "bench", "second-design", `${file}.sql`), "utf8"));
  }
}

interface ClaimedTask {
  readonly taskId: string;
  readonly fence: string;
}

/** Where the turns of a worker's claims stand. */
type Cursor = { readonly project: string; readonly job: string } | null;

/** Drives one way to write, on one connection, as a worker's recorder would that never waits for a stage. */
export interface WritePath {
  /** Takes all due tasks through their stages, `batch` tasks at a time; returns how many. */
  drain(db: pg.ClientBase, batch: number): Promise<number>;
}

/** record_changes as it is: a flush for each stage, claims beside it. */
export const oneStepAFlush: WritePath = {
  async drain(db, batch) {
    for (let done = 0; ;) {
      const claim = { change: randomUUID(), ids: [], pipelines: [BARE_PIPELINE], limit: batch, leaseMs: LEASE_MS };
      const { claims } = await flush(db, "[]", JSON.stringify(claim));
      if (claims.length === 0) return done;
      for (const [place] of STAGE_NAMES.entries()) {
        const next = STAGE_NAMES[place + 1];
        const changes = claims.map(({ taskId: task, fence }) => ({
          task,
          fence,
          change: randomUUID(),
          ...(next === undefined ? { kind: "complete" } : { kind: "stage", stage: next, maxAttempts: 3 }),
          output: { ok: true },
        }));
        await flush(db, JSON.stringify(changes), null);
      }
      done += claims.length;
    }
  },
};

async function flush(db: pg.ClientBase, changes: string, claim: string | null): Promise<{ claims: ClaimedTask[] }> {
  const { rows } = await db.query<{ answer: { claims: ClaimedTask[] } }>({
    name: "flush",
    text: "select headway.record_changes('WORKER', $1, $2, 3, $3, $4) as answer",
    values: [ACTOR, WORKER, changes, claim],
  });
  return rows[0]!.answer;
}

/** The second design, `steps` of a task in one flush. */
export function severalStepsAFlush(steps: number): WritePath {
  return {
    async drain(db, batch) {
      let after: Cursor = null;
      for (let done = 0; ;) {
        const claim = { claim: randomUUID(), pipelines: [BARE_PIPELINE], limit: batch, leaseMs: LEASE_MS, after };
        const { tasks, held, after: next }: ClaimAnswer = await claimTasks(db, JSON.stringify(claim));
        if (tasks.length === 0 && !held) return done;
        after = next;
        for (let first = 1; tasks.length > 0 && first <= STAGE_NAMES.length; first += steps)
          await record(db, tasks, first, steps);
        done += tasks.length;
      }
    },
  };
}

interface ClaimAnswer {
  readonly tasks: readonly ClaimedTask[];
  /** Some collection was held by somebody else just then. */
  readonly held: boolean;
  readonly after: Cursor;
}

async function claimTasks(db: pg.ClientBase, claim: string): Promise<ClaimAnswer> {
  const { rows } = await db.query<{ answer: ClaimAnswer }>({
    name: "claim",
    text: "select headway.claim_tasks($1, $2, $3) as answer",
    values: [WORKER, ACTOR, claim],
  });
  return rows[0]!.answer;
}

async function record(db: pg.ClientBase, tasks: readonly ClaimedTask[], first: number, steps: number): Promise<void> {
  const count = Math.min(steps, STAGE_NAMES.length - first + 1);
  const isEnd = first + count > STAGE_NAMES.length;
  const entries = tasks.map(({ taskId: task, fence }) => ({
    task,
    fence,
    change: randomUUID(),
    first,
    ages: Array.from({ length: count }, (_, n) => count - n),
    outputs: Array.from({ length: count }, () => ({ ok: true })),
    maxAttempts: 3,
    ...(isEnd ? { kind: "complete" } : {}),
  }));
  const { rows } = await db.query<{ answer: { refused: string[]; held: string[] } }>({
    name: "record",
    text: "select headway.record_steps($1, $2, $3, 3, $4, true) as answer",
    values: [ACTOR, WORKER, LEASE_MS, JSON.stringify(entries)],
  });
  const { refused, held } = rows[0]!.answer;
  if (refused.length + held.length > 0) throw new Error(`${refused.length} refused, ${held.length} held`);
}
