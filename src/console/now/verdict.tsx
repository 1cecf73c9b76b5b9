import type { Asked } from "../api/ask.js";
import { useApi } from "../api/api.js";
import { useConnectionState } from "../api/connection.js";
import type { JobStatus } from "../generated/operations.js";
import { counted } from "../parts/format.js";
import { Icon } from "../parts/icons.js";
import { When } from "../parts/when.js";

interface VerdictProps {
  readonly looks: readonly Asked<unknown>[];
  readonly concerns: number;
  /** How many jobs have each status; null while that is not known. */
  readonly open: readonly { readonly status: JobStatus; readonly count: number }[] | null;
}

/** The one line that answers the first question. It says when it can't answer, and never more than it knows. */
export function Verdict({ looks, concerns, open }: VerdictProps) {
  const { phase } = useConnectionState(useApi().connection);
  const answeredAt = Math.min(...looks.map(({ answeredAt }) => answeredAt ?? Infinity));
  const failed = looks.filter(({ fault }) => fault !== null);
  const isUnknown = looks.some(({ data }) => data === undefined);
  const checked = Number.isFinite(answeredAt) ? (
    <>
      last checked <When at={answeredAt} />
    </>
  ) : null;
  if (phase === "away") {
    return (
      <Line tone="mixed" icon="warning" title="The server does not answer">
        What is shown stands as it was{checked && <>, {checked}</>}. This page comes back by itself.
      </Line>
    );
  }
  if (concerns > 0) {
    return (
      <Line tone="bad" icon="warning" title={`${counted(concerns, "thing needs", "things need")} somebody`}>
        {checked}
      </Line>
    );
  }
  if (failed.length > 0) {
    return (
      <Line tone="mixed" icon="warning" title="Not everything could be looked at">
        {failed[0]!.fault!.title}. {failed[0]!.fault!.message}
      </Line>
    );
  }
  if (isUnknown) {
    return (
      <Line tone="quiet" icon="clock" title="Looking …">
        Jobs, workers, pipelines and invariants are asked.
      </Line>
    );
  }
  return (
    <Line tone="good" icon="check" title="Nothing needs you">
      Nothing is stuck; {running(open)}; {checked}
    </Line>
  );
}

function running(open: VerdictProps["open"]): string {
  const of = (status: JobStatus): number => open?.find((one) => one.status === status)?.count ?? 0;
  const busy = of("PROCESSING") + of("CANCELLING");
  return `${counted(busy, "job")} running${of("QUEUED") > 0 ? `, ${of("QUEUED")} queued` : ""}`;
}

interface LineProps {
  readonly tone: string;
  readonly icon: Parameters<typeof Icon>[0]["name"];
  readonly title: string;
  readonly children: React.ReactNode;
}

function Line({ tone, icon, title, children }: LineProps) {
  return (
    <div className={`verdict tone-${tone}`} role="status">
      <Icon name={icon} size={22} />
      <strong>{title}</strong>
      <span>{children}</span>
    </div>
  );
}
