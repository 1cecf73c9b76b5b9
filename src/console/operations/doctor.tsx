import { Button, Select, TextInput } from "@mantine/core";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { useClient } from "urql";
import { faultOf, type Fault } from "../api/fault.js";
import { DoctorDocument, type DoctorQuery } from "../generated/operations.js";
import { Icon } from "../parts/icons.js";
import { FaultNote, Loading, Panel } from "../parts/states.js";
import { When } from "../parts/when.js";
import { DOCTOR_SPANS, type DoctorSpan } from "../shell/search-of-operations.js";
import { Findings } from "./findings.js";

/** So many findings are asked for. */
const MAX_FINDINGS = 100;
const HOUR_MS = 3_600_000;
const SPANS: Readonly<Record<DoctorSpan, readonly [label: string, ms: number]>> = {
  hour: ["the last hour", HOUR_MS],
  day: ["the last day", 24 * HOUR_MS],
  week: ["the last week", 168 * HOUR_MS],
  month: ["the last 30 days", 720 * HOUR_MS],
};

interface Found {
  readonly findings: DoctorQuery["doctor"];
  readonly at: number;
}

/** Looks whether the record holds together, when somebody asks: it reads much, so it is not asked again by itself. */
export function Doctor() {
  const { since = "day", job } = useSearch({ from: "/operations" });
  const navigate = useNavigate({ from: "/operations" });
  const client = useClient();
  const [found, setFound] = useState<Found | null>(null);
  const [fault, setFault] = useState<Fault | null>(null);
  const [isLooking, setIsLooking] = useState(false);
  const [text, setText] = useState(job ?? "");
  useEffect(() => setText(job ?? ""), [job]);
  const change = (part: { since?: DoctorSpan | undefined; job?: string | undefined }): void => {
    // What was found elsewhere says nothing of this.
    setFound(null);
    void navigate({ search: (old) => ({ ...old, ...part }), replace: true, resetScroll: false });
  };
  const look = async (): Promise<void> => {
    const jobId = text.trim();
    if (jobId !== (job ?? "")) change({ job: jobId || undefined });
    setIsLooking(true);
    const variables = {
      since: new Date(Date.now() - SPANS[since][1]).toISOString(),
      collectionId: null,
      jobId: jobId || null,
      first: MAX_FINDINGS,
    };
    const { data, error } = await client
      .query(DoctorDocument, variables, { requestPolicy: "network-only" })
      .toPromise();
    setIsLooking(false);
    setFault(error ? faultOf(error) : null);
    setFound(data ? { findings: data.doctor, at: Date.now() } : null);
  };
  return (
    <Panel title="Doctor">
      <form
        className="ask"
        onSubmit={(event) => {
          event.preventDefault();
          void look();
        }}
      >
        <Select
          label="All open jobs, and changes in"
          data={DOCTOR_SPANS.map((value) => ({ value, label: SPANS[value][0] }))}
          value={since}
          onChange={(value) => change({ since: DOCTOR_SPANS.find((span) => span === value && span !== "day") })}
          allowDeselect={false}
          size="xs"
        />
        <TextInput
          label="Only one job"
          placeholder="Job ID"
          value={text}
          onChange={({ currentTarget }) => {
            setText(currentTarget.value);
            setFound(null);
          }}
          size="xs"
          className="id-field"
        />
        <Button type="submit" size="compact-md" loading={isLooking} leftSection={<Icon name="search" size={14} />}>
          Run doctor
        </Button>
      </form>
      {fault && <FaultNote fault={fault} again={() => void look()} />}
      {isLooking && found === null && <Loading rows={2} />}
      {found === null && fault === null && !isLooking && (
        <p className="faint">
          Doctor compares every status, counter and history with the data that they are derived from. The reconciler
          checks open jobs automatically and reports problems on the Now screen.
        </p>
      )}
      {found !== null && found.findings.length === 0 && (
        <p className="tone-good" role="status">
          <Icon name="check" size={14} /> <strong>No problems found.</strong>{" "}
          <span className="faint">
            Checked <When at={found.at} />.
          </span>
        </p>
      )}
      {found !== null && found.findings.length > 0 && (
        <Findings findings={found.findings} isMore={found.findings.length === MAX_FINDINGS} at={found.at} />
      )}
    </Panel>
  );
}
