import { Button } from "@mantine/core";
import { Link, useNavigate } from "@tanstack/react-router";
import { useClient } from "urql";
import { JobOfTaskDocument, type DoctorQuery } from "../generated/operations.js";
import { counted } from "../parts/format.js";
import { Icon } from "../parts/icons.js";
import { useSay } from "../parts/said.js";
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
          {counted(findings.length, "thing is", "things are")} broken.
        </strong>{" "}
        <span className="faint">
          Looked <When at={at} />.{isMore ? " No more are told at once: mend these, and look again." : ""}
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
        <span className="faint">Broken {counted(findings.length, "time")}.</span>
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

function Place({ finding: { entityType, entityId } }: { readonly finding: Finding }) {
  const client = useClient();
  const navigate = useNavigate();
  const say = useSay();
  if (entityId === null) return null;
  const id = entityId;
  const toJob = async (): Promise<void> => {
    const { data } = await client.query(JobOfTaskDocument, { id }).toPromise();
    if (!data?.task) return say(`There is no task ${id} any more.`, true);
    await navigate({ to: "/jobs/$id", params: { id: data.task.job.id } });
  };
  return (
    <span className="faint">
      {entityType?.toLowerCase()} <code>{id}</code>{" "}
      {entityType === "JOB" && (
        <Link to="/jobs/$id" params={{ id }}>
          Look
        </Link>
      )}
      {entityType === "TASK" && (
        <Button variant="subtle" size="compact-xs" onClick={() => void toJob()}>
          Its job
        </Button>
      )}
    </span>
  );
}
