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

/** Hints of up to 20 tasks each, of one pipeline, priority and delay. */
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
    for (let start = 0; start < group.length; start += MAX_HINT_TASKS) {
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
