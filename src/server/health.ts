import type { RequestHandler } from "express";
import { withDeadline } from "../async/with-deadline.js";
import { messageOf } from "../errors.js";

/** One thing that must be well before this process is ready. */
export interface Check {
  readonly name: string;
  /** Null when all is well, else what is not. */
  readonly check: () => Promise<string | null>;
}

/** What became of one check, as /readyz shows it. */
export interface CheckResult {
  readonly name: string;
  readonly ok: boolean;
  /** What is not well; null when all is. */
  readonly message: string | null;
}

/** Longer than this, and a check counts as failed: who asks for readiness must have an answer soon. */
const CHECK_DEADLINE_MS = 1_000;

/** Answers that the process lives, and nothing more: an orchestrator restarts what does not answer here. */
export const healthz: RequestHandler = (_req, res) => {
  const checks: CheckResult[] = [{ name: "process", ok: true, message: null }];
  res.set("cache-control", "no-store").json({ status: "ok", checks });
};

/** Answers whether to send work here: 200, or 503 with what is not well. Checks added later count from then on. */
export function readyz(checks: readonly Check[]): RequestHandler {
  return async (_req, res) => {
    const results = await Promise.all(checks.map(run));
    const ready = results.every(({ ok }) => ok);
    res
      .status(ready ? 200 : 503)
      .set("cache-control", "no-store")
      .json({ status: ready ? "ready" : "not ready", checks: results });
  };
}

async function run({ name, check }: Check): Promise<CheckResult> {
  try {
    const message = await withDeadline("The check", CHECK_DEADLINE_MS, check());
    return { name, ok: message === null, message };
  } catch (error) {
    return { name, ok: false, message: messageOf(error) };
  }
}
