import { useSyncExternalStore } from "react";
import { absolute, duration, relative } from "./format.js";

let now = Date.now();
let timer: ReturnType<typeof setInterval> | undefined;
const listeners = new Set<() => void>();

/** One clock for all times of the page; it stands while nobody looks. */
function listen(listener: () => void): () => void {
  listeners.add(listener);
  timer ??= setInterval(() => {
    if (document.hidden) return;
    now = Date.now();
    for (const each of listeners) each();
  }, 1_000);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}

/** The time in milliseconds since 1970, anew every second. */
export function useNow(): number {
  return useSyncExternalStore(listen, () => now);
}

/** How long ago, with the time itself on hover. */
export function When({ at }: { readonly at: string | number }) {
  const nowMs = useNow();
  return (
    <time dateTime={new Date(at).toISOString()} title={absolute(at)}>
      {relative(at, Math.max(nowMs, typeof at === "number" ? at : 0))}
    </time>
  );
}

/** How long something has taken, or takes until now. */
export function Lasting({ from, to }: { readonly from: string; readonly to: string | null }) {
  const nowMs = useNow();
  const endMs = to === null ? Math.max(nowMs, Date.parse(from)) : Date.parse(to);
  return <span title={`since ${absolute(from)}`}>{duration(endMs - Date.parse(from))}</span>;
}
