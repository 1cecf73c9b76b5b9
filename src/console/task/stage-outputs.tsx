import { Button } from "@mantine/core";
import { useEffect, useEffectEvent, useState, type ReactNode } from "react";
import { useClient } from "urql";
import { useApi } from "../api/api.js";
import { useAsked } from "../api/ask.js";
import { OutputAddressesDocument, TaskOutputsDocument, type TaskOutputsQuery } from "../generated/operations.js";
import { allowedTo } from "../parts/act-button.js";
import { saveFrom } from "../parts/download.js";
import { size } from "../parts/format.js";
import { Icon } from "../parts/icons.js";
import { JsonTree } from "../parts/json-tree.js";
import { useSay } from "../parts/said.js";
import { StatusWord } from "../parts/status.js";
import { Empty, Panel, Shown } from "../parts/states.js";

type Passage = NonNullable<TaskOutputsQuery["task"]>["stages"][number];
type Output = NonNullable<Passage["output"]>;

/** What each stage was given and what it returned. */
export function StageOutputs({ id, version }: { readonly id: string; readonly version: number }) {
  const { viewer } = useApi();
  const { allowed, disabledReason } = allowedTo(viewer.role, "OPERATOR");
  const asked = useAsked(TaskOutputsDocument, { id }, { isPaused: !allowed });
  const again = useEffectEvent(asked.again);
  useEffect(() => {
    if (allowed) again();
  }, [allowed, version]);
  if (!allowed) {
    return (
      <Empty icon="barred" title="This key can't view outputs">
        {disabledReason} Stage outputs may contain document contents.
      </Empty>
    );
  }
  return (
    <Shown asked={asked}>
      {({ task }) => {
        const stages = latestOf(task?.stages ?? []);
        if (stages.length === 0) return <Empty icon="clock" title="No stage has run yet" />;
        return stages.map((passage, place) => (
          <StagePanel key={passage.stage} id={id} passage={passage} before={stages[place - 1] ?? null} />
        ));
      }}
    </Shown>
  );
}

/** Of each stage its last passage, in the order of the stages; an output that stands still is kept beside a newer failure. */
function latestOf(passages: readonly Passage[]): readonly Passage[] {
  const stages = new Map<string, Passage>();
  for (const passage of passages) {
    const output = passage.output ?? stages.get(passage.stage)?.output ?? null;
    stages.set(passage.stage, { ...passage, output });
  }
  return [...stages.values()];
}

interface StagePanelProps {
  readonly id: string;
  readonly passage: Passage;
  readonly before: Passage | null;
}

function StagePanel({ id, passage, before }: StagePanelProps) {
  const { stage, outcome, output } = passage;
  return (
    <Panel
      title={stage}
      id={`stage-${stage}`}
      aside={<StatusWord of={outcome === null ? "TaskStatus" : "StageOutcome"} word={outcome ?? "RUNNING"} />}
    >
      {before === null ? (
        <p className="faint">Input: none, because this is the first stage.</p>
      ) : (
        <Opens title={`Input: output of ${before.stage}`} isOpen={false}>
          <Value id={id} passage={before} />
        </Opens>
      )}
      {output === null ? (
        <p className="faint">
          Output:{" "}
          {outcome === null
            ? "none yet; the stage is running."
            : "none stored. The stage failed, or a later attempt replaced the output."}
        </p>
      ) : (
        <Opens title={`Output, ${size(output.sizeBytes)}`} isOpen>
          <Value id={id} passage={passage} />
        </Opens>
      )}
    </Panel>
  );
}

/** What is inside is made when it is first opened. */
function Opens({
  title,
  isOpen,
  children,
}: {
  readonly title: string;
  readonly isOpen: boolean;
  readonly children: ReactNode;
}) {
  const [wasOpened, setWasOpened] = useState(isOpen);
  return (
    <details className="json" open={isOpen} onToggle={({ currentTarget }) => currentTarget.open && setWasOpened(true)}>
      <summary>{title}</summary>
      {wasOpened && <div className="json-inside">{children}</div>}
    </details>
  );
}

function Value({ id, passage }: { readonly id: string; readonly passage: Passage }) {
  const { output, stage, startedAt } = passage;
  if (output === null) return <p className="faint">This output is no longer stored.</p>;
  if (isWhole(output)) return <JsonTree value={output.value} />;
  return (
    <>
      <pre className="stack-trace" tabIndex={0}>
        {output.preview} …
      </pre>
      <DownloadOutput id={id} stage={stage} startedAt={startedAt} sizeBytes={output.sizeBytes} />
    </>
  );
}

/** A small null is whole; of a large output the value is left out. */
function isWhole({ value, preview }: Output): boolean {
  return value !== null || preview === "null";
}

interface DownloadOutputProps {
  readonly id: string;
  readonly stage: string;
  readonly startedAt: string;
  readonly sizeBytes: number;
}

/** The address carries its own right, so it is asked for when it is wanted. */
function DownloadOutput({ id, stage, startedAt, sizeBytes }: DownloadOutputProps) {
  const client = useClient();
  const say = useSay();
  const download = async (): Promise<void> => {
    const { data, error } = await client
      .query(OutputAddressesDocument, { id }, { requestPolicy: "network-only" })
      .toPromise();
    const passages = data?.task?.stages.filter((one) => one.stage === stage && one.output !== null) ?? [];
    const passage = passages.find((one) => one.startedAt === startedAt) ?? passages.at(-1);
    const url = passage?.output?.signedUrl?.url;
    if (url === undefined) return say(error?.message ?? `The output of ${stage} no longer exists.`, true);
    saveFrom(url, `${stage}.json`);
  };
  return (
    <Button
      variant="default"
      size="compact-sm"
      leftSection={<Icon name="download" size={14} />}
      onClick={() => void download()}
    >
      Download full output, {size(sizeBytes)}
    </Button>
  );
}
