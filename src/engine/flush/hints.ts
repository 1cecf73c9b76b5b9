import { MAX_HINT_TASKS, type Hint } from "../../dispatch/dispatcher.js";
import type { EngineDeps } from "../engine.js";

/** A task that is due, as the statement that made it so returned it. */
export interface DueTask {
  readonly task: string;
  readonly fence: string;
  readonly pipeline: string;
  readonly priority: number;
  readonly delayMs?: number;
}

/**
 * So many of one kind are sent at once. Whoever is woken takes what it has room for, and asks again while there is more;
 * hints for each 20 of 5,000 tasks cost the worker, the API and Redis 30 µs a document.
 */
const MAX_HINTS = 64;

/** Hints of one pipeline, priority and delay. Each names up to 20 tasks, of many those of its share that come first. */
export function toHints(due: readonly DueTask[]): Hint[] {
  const groups = new Map<string, DueTask[]>();
  for (const one of due) {
    const key = `${one.pipeline} ${one.priority} ${one.delayMs ?? 0}`;
    const group = groups.get(key);
    if (group) group.push(one);
    else groups.set(key, [one]);
  }
  const hints: Hint[] = [];
  for (const group of groups.values()) {
    const share = Math.max(MAX_HINT_TASKS, Math.ceil(group.length / MAX_HINTS));
    for (let start = 0; start < group.length; start += share) {
      const { pipeline, priority, delayMs = 0 } = group[start]!;
      const tasks = group.slice(start, start + MAX_HINT_TASKS).map(({ task, fence }) => ({ id: task, fence }));
      hints.push({ pipeline, priority, delayMs, tasks });
    }
  }
  return hints;
}

/** Sends hints without anybody waiting: a hint that is lost costs one poll. Call it after the commit. */
export function dispatch(deps: Pick<EngineDeps, "dispatcher" | "onError">, due: readonly DueTask[]): void {
  if (due.length === 0) return;
  deps.dispatcher.send(toHints(due)).catch((error: unknown) => deps.onError(error, "sending hints"));
}
