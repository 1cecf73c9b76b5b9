import { useEffect, useState, type Dispatch, type SetStateAction } from "react";
import { EXPLORE_KEPT } from "../session/session.js";

/** What was written instead of a step's own; what is absent is as the step has it. */
export interface Draft {
  readonly query?: string;
  readonly variables?: string;
}

/** What was run. */
export interface PastRun {
  /** In milliseconds since 1970. */
  readonly at: number;
  readonly name: string;
  readonly query: string;
  readonly variables: string;
  readonly isFault: boolean;
  readonly tookMs: number;
}

const MAX_PAST = 50;
const HISTORY = "history";

/** A value that this tab keeps when the page is loaded again. */
export function useStored<T>(name: string, initial: T): [T, Dispatch<SetStateAction<T>>] {
  const [value, setValue] = useState<T>(() => read<T>(sessionStorage, name) ?? initial);
  useEffect(() => write(sessionStorage, name, value), [name, value]);
  return [value, setValue];
}

/** What was run, the newest first: kept in this tab, and in this browser where somebody asks for that. */
export function usePastRuns() {
  const [isKept, setIsKept] = useState(() => read(localStorage, HISTORY) !== null);
  const [runs, setRuns] = useState<readonly PastRun[]>(
    () => read<PastRun[]>(localStorage, HISTORY) ?? read<PastRun[]>(sessionStorage, HISTORY) ?? [],
  );
  useEffect(() => {
    write(sessionStorage, HISTORY, runs);
    if (isKept) write(localStorage, HISTORY, runs);
  }, [runs, isKept]);
  // Only the click forgets it: another tab may keep a list while the box is off here.
  const keep = (isWanted: boolean): void => {
    if (!isWanted) localStorage.removeItem(nameOf(HISTORY));
    setIsKept(isWanted);
  };
  return {
    runs,
    isKept,
    setIsKept: keep,
    add: (run: PastRun) => setRuns((old) => [run, ...old.slice(0, MAX_PAST - 1)]),
    clear: () => setRuns([]),
  };
}

function nameOf(name: string): string {
  return `${EXPLORE_KEPT}${name}`;
}

function read<T>(storage: Storage, name: string): T | null {
  try {
    return JSON.parse(storage.getItem(nameOf(name)) ?? "null") as T | null;
  } catch {
    return null; // Of another version of this page.
  }
}

function write(storage: Storage, name: string, value: unknown): void {
  try {
    storage.setItem(nameOf(name), JSON.stringify(value));
  } catch {
    // The browser's store is full or shut: the page goes on without it.
  }
}
