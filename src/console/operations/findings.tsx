import { Link } from "@tanstack/react-router";
import type { DoctorQuery } from "../generated/operations.js";
import { counted } from "../parts/format.js";
import { Icon } from "../parts/icons.js";
import { When } from "../parts/when.js";

type Finding = DoctorQuery["doctor"][number];

interface FindingsProps {
  readonly findings: readonly Finding[];
  readonly isMore: boolean;
  readonly at: number;
}

/** So many of one code are shown at first. */
const FIRST = 10;

/** What is broken, by the code of what must hold, each with the thing that it was found in. */
export function Findings({ findings, isMore, at }: FindingsProps) {
  const codes = [...new Set(findings.map(({ invariant }) => invariant))];
  return (
    <div className="stack">
      <p className="tone-bad" role="status">
        <Icon name="warning" size={14} />{" "}
        <strong>
          {isMore ? "At least " : ""}
          {counted(findings.length, "problem")} found.
        </strong>{" "}
        <span className="faint">
          Checked <When at={at} />.{isMore ? " The list is limited: fix these problems, then run doctor again." : ""}
        </span>
      </p>
      {codes.map((code) => (
        <Group key={code} code={code} findings={findings.filter(({ invariant }) => invariant === code)} />
      ))}
    </div>
  );
}

function Group({ code, findings }: { readonly code: string; readonly findings: readonly Finding[] }) {
  return (
    <details className="finding" open>
      <summary>
        <span className="code">{code}</span> {findings[0]!.meaning}{" "}
        <span className="faint">Found {counted(findings.length, "time")}.</span>
      </summary>
      <ul className="plain-list">
        {findings.slice(0, FIRST).map((finding) => (
          <li key={`${finding.entityId} ${finding.detail}`}>
            {finding.detail} <Place finding={finding} />
          </li>
        ))}
      </ul>
      {findings.length > FIRST && (
        <details>
          <summary>{counted(findings.length - FIRST, "more")}</summary>
          <ul className="plain-list">
            {findings.slice(FIRST).map((finding) => (
              <li key={`${finding.entityId} ${finding.detail}`}>
                {finding.detail} <Place finding={finding} />
              </li>
            ))}
          </ul>
        </details>
      )}
    </details>
  );
}

function Place({ finding: { entityType, entityId: id } }: { readonly finding: Finding }) {
  if (id === null) return null;
  return (
    <span className="faint">
      {entityType?.toLowerCase()} <code>{id}</code>{" "}
      {entityType === "JOB" && (
        <Link to="/jobs/$id" params={{ id }}>
          View
        </Link>
      )}
      {entityType === "TASK" && (
        <Link to="/tasks/$id" params={{ id }}>
          View
        </Link>
      )}
    </span>
  );
}
