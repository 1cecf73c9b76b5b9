import type { LogLevel } from "../generated/operations.js";
import { compact, textIn, wordIn, type Given } from "./search.js";

export const TASK_TABS = ["logs", "outputs", "text", "document", "history"] as const;
export type TaskTab = (typeof TASK_TABS)[number];

/** What of a task is shown, and which lines of its log. */
export interface TaskSearch {
  readonly tab?: TaskTab;
  /** Lines of this level and above. */
  readonly level?: LogLevel;
  /** A part of the lines. */
  readonly find?: string;
}

export function taskSearch(given: Given): TaskSearch {
  return compact({
    tab: TASK_TABS.find((word) => word === given.tab),
    level: wordIn<LogLevel>("LogLevel", given.level),
    find: textIn(given.find),
  });
}
