import type { ReactNode } from "react";
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

/** The one line that answers the first question. It says when it can't answer, and never more than it knows. */
export function Verdict({ fault, checkedAt, concerns, isMore, counts }: VerdictProps) {
  const { phase } = useConnectionState(useApi().connection);
  const nowMs = useNow();
  const checked =
    checkedAt === null ? null : (
      <span>
        last checked <When at={checkedAt} />
      </span>
    );
  if (phase === "away") {
    return (
      <Line tone="mixed" icon="warning" title="The server does not answer.">
        What is shown stands as it was; {checked ?? "nothing was read yet"}. This page comes back by itself.
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
      <Line tone="quiet" icon="clock" title="Looking …">
        What the reconciler last found is read.
      </Line>
    );
  }
  if (concerns > 0) {
    return (
      <Line
        tone="bad"
        icon="warning"
        title={`${isMore ? "More than " : ""}${counted(concerns, "thing needs", "things need")} somebody`}
      >
        {checked}
      </Line>
    );
  }
  if (nowMs - Date.parse(checkedAt) > LONG_AGO_MS) {
    return (
      <Line tone="mixed" icon="warning" title="Nobody looks whether anything is wrong.">
        The reconciler {checked}. Start a process with the role reconciler.
      </Line>
    );
  }
  return (
    <Line tone="good" icon="check" title="Nothing needs you.">
      Nothing is stuck; {running(counts)}; {checked}
    </Line>
  );
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
