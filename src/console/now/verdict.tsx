import { useEffect, useState, type ReactNode } from "react";
import { useApi } from "../api/api.js";
import { useConnectionState } from "../api/connection.js";
import type { Fault } from "../api/fault.js";
import type { JobStatus } from "../generated/operations.js";
import { counted } from "../parts/format.js";
import { Icon } from "../parts/icons.js";
import { useNow, When } from "../parts/when.js";

interface VerdictProps {
  readonly fault: Fault | null;
  /** When the reconciler last looked; null while that is not known. */
  readonly checkedAt: string | null;
  /** How many things need somebody and are known to nobody. */
  readonly concerns: number;
  readonly isMore: boolean;
  /** How many jobs have each status; null while that is not known. */
  readonly counts: readonly { readonly status: JobStatus; readonly count: number }[] | null;
}

/** The reconciler looks every few seconds. Who has not looked for so long does not run. */
const LONG_AGO_MS = 120_000;
/** Where its last look seems old, another one is waited for so long: this machine's clock may be wrong. */
const NEXT_LOOK_MS = 30_000;

/** The one line that answers the first question. It says when it can't answer, and never more than it knows. */
export function Verdict({ fault, checkedAt, concerns, isMore, counts }: VerdictProps) {
  const { phase } = useConnectionState(useApi().connection);
  const looks = useLooks(checkedAt);
  const checked =
    checkedAt === null ? null : (
      <span>
        last checked <When at={checkedAt} />
      </span>
    );
  if (phase === "away") {
    return (
      <Line tone="mixed" icon="warning" title="The server is not responding.">
        Showing the last known state; {checked ?? "no data loaded yet"}. This page reconnects automatically.
      </Line>
    );
  }
  if (fault !== null) {
    return (
      <Line tone="mixed" icon="warning" title={`${fault.title}.`}>
        {fault.message}
      </Line>
    );
  }
  if (checkedAt === null) {
    return (
      <Line tone="quiet" icon="clock" title="Checking…">
        Loading the reconciler's latest results.
      </Line>
    );
  }
  if (concerns > 0) {
    return (
      <Line
        tone="bad"
        icon="warning"
        title={`${isMore ? "More than " : ""}${counted(concerns, "item needs", "items need")} attention`}
      >
        {checked}
      </Line>
    );
  }
  if (looks === "waiting") {
    return (
      <Line tone="quiet" icon="clock" title="Checking…">
        The reconciler {checked}. Waiting for its next check.
      </Line>
    );
  }
  if (looks === "none") {
    return (
      <Line tone="mixed" icon="warning" title="Problems are not being detected.">
        The reconciler {checked}. Start a process with the role reconciler.
      </Line>
    );
  }
  return (
    <Line tone="good" icon="check" title="Nothing needs attention.">
      Nothing is stuck; {running(counts)}; {checked}
    </Line>
  );
}

/** What the reconciler last said of its looks, since when by this machine's clock, and whether it had said nothing before. */
interface Seen {
  readonly checkedAt: string | null;
  readonly sinceMs: number;
  readonly isFirst: boolean;
}

/**
 * Whether the reconciler looks, by what has changed while this page watched. The server's time and this machine's are not
 * compared but for the first answer: that alone can't tell.
 */
function useLooks(checkedAt: string | null): "some" | "waiting" | "none" {
  const nowMs = useNow();
  const [seen, setSeen] = useState<Seen>({ checkedAt: null, sinceMs: 0, isFirst: true });
  useEffect(
    () =>
      setSeen((old) =>
        old.checkedAt === checkedAt ? old : { checkedAt, sinceMs: Date.now(), isFirst: old.checkedAt === null },
      ),
    [checkedAt],
  );
  if (checkedAt === null || checkedAt !== seen.checkedAt) return "some";
  const seemsOld = seen.isFirst && nowMs - Date.parse(checkedAt) > LONG_AGO_MS;
  if (nowMs - seen.sinceMs > (seemsOld ? NEXT_LOOK_MS : LONG_AGO_MS)) return "none";
  return seemsOld ? "waiting" : "some";
}

function running(counts: VerdictProps["counts"]): string {
  const of = (status: JobStatus): number => counts?.find((one) => one.status === status)?.count ?? 0;
  const busy = of("PROCESSING") + of("CANCELLING");
  return `${counted(busy, "job")} running${of("QUEUED") > 0 ? `, ${of("QUEUED")} queued` : ""}`;
}

interface LineProps {
  readonly tone: string;
  readonly icon: Parameters<typeof Icon>[0]["name"];
  readonly title: string;
  readonly children: ReactNode;
}

/** Its title is told to screen readers when it changes; its time is not, every second. */
function Line({ tone, icon, title, children }: LineProps) {
  return (
    <div className={`verdict tone-${tone}`}>
      <Icon name={icon} size={22} />
      <strong role="status">{title}</strong>
      <span>{children}</span>
    </div>
  );
}
