import { Button } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useEffect, useEffectEvent } from "react";
import { useClient } from "urql";
import { useAsked } from "../api/ask.js";
import {
  DocumentFactsDocument,
  OriginalAddressDocument,
  type DocumentFactsQuery,
  type DocumentPartsFragment,
} from "../generated/operations.js";
import { saveFrom } from "../parts/download.js";
import { Fact } from "../parts/fact.js";
import { size } from "../parts/format.js";
import { Icon } from "../parts/icons.js";
import { JsonTree } from "../parts/json-tree.js";
import { useSay } from "../parts/said.js";
import { StatusWord } from "../parts/status.js";
import { Empty, Panel, Shown } from "../parts/states.js";
import { WarningList } from "../parts/warnings.js";
import { When } from "../parts/when.js";

interface DocumentFactsProps {
  readonly id: string;
  /** Of the task that is looked at. */
  readonly taskId: string;
  readonly version: number;
}

/** What is known of the document: its bytes, what the stages found out about it, and every task that it has had. */
export function DocumentFacts({ id, taskId, version }: DocumentFactsProps) {
  const asked = useAsked(DocumentFactsDocument, { id });
  const again = useEffectEvent(asked.again);
  useEffect(() => again(), [version]);
  return (
    <Shown asked={asked}>
      {({ document, tasks }) =>
        document ? (
          <>
            <Panel title="Document" aside={<DownloadOriginal id={id} name={document.name} />}>
              <Bytes document={document} />
              {document.warnings.length > 0 && (
                <>
                  <h3>Missing text</h3>
                  <WarningList warnings={document.warnings} />
                </>
              )}
            </Panel>
            <Panel title="Metadata">
              {isEmpty(document.metadata) ? (
                <p className="faint">No metadata was provided, and no stage has added any yet.</p>
              ) : (
                <JsonTree value={document.metadata} />
              )}
            </Panel>
            <Panel title="Tasks of this document" aside={<span className="faint">20 newest</span>}>
              <TasksOfDocument tasks={tasks.nodes} taskId={taskId} />
            </Panel>
          </>
        ) : (
          <Empty title="The document has been removed" />
        )
      }
    </Shown>
  );
}

function isEmpty(metadata: unknown): boolean {
  return typeof metadata !== "object" || metadata === null || Object.keys(metadata).length === 0;
}

function Bytes({ document }: { readonly document: DocumentPartsFragment }) {
  const { name, mediaType, sizeBytes, sha256, contentVersion, createdAt, sourceUri } = document;
  return (
    <dl className="facts">
      <Fact name="Name">{name}</Fact>
      <Fact name="Media type">{mediaType ?? "not known yet"}</Fact>
      <Fact name="Size">{sizeBytes === null ? "not fetched yet" : size(sizeBytes)}</Fact>
      <Fact name="Content version">{contentVersion}</Fact>
      <Fact name="Added">
        <When at={createdAt} />
      </Fact>
      {sourceUri !== null && <Fact name="Source">{sourceUri}</Fact>}
      {sha256 !== null && (
        <Fact name="SHA-256">
          <code>{sha256}</code>
        </Fact>
      )}
    </dl>
  );
}

function TasksOfDocument({
  tasks,
  taskId,
}: {
  readonly tasks: DocumentFactsQuery["tasks"]["nodes"];
  readonly taskId: string;
}) {
  return (
    <table className="rows cards">
      <thead>
        <tr>
          <th scope="col">Submitted</th>
          <th scope="col">Pipeline</th>
          <th scope="col">Status</th>
          <th scope="col">Error</th>
        </tr>
      </thead>
      <tbody>
        {tasks.map(({ id, createdAt, job, pipelineVersion, status, error }) => (
          <tr key={id}>
            <td data-title="Submitted">
              {id === taskId ? (
                <span>
                  <When at={createdAt} /> <span className="faint">(this one)</span>
                </span>
              ) : (
                <Link to="/tasks/$id" params={{ id }}>
                  <When at={createdAt} />
                </Link>
              )}
            </td>
            <td data-title="Pipeline">
              <span>
                {job.pipeline} <span className="faint">version {pipelineVersion}</span>
              </span>
            </td>
            <td data-title="Status">
              <StatusWord of="TaskStatus" word={status} />
            </td>
            <td data-title="Error">{error === null ? <span className="faint">–</span> : <code>{error.code}</code>}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function DownloadOriginal({ id, name }: { readonly id: string; readonly name: string }) {
  const client = useClient();
  const say = useSay();
  const download = async (): Promise<void> => {
    const { data, error } = await client
      .query(OriginalAddressDocument, { id }, { requestPolicy: "network-only" })
      .toPromise();
    const url = data?.document?.original?.url;
    if (url === undefined) return say(error?.message ?? `The content of ${name} is not stored yet.`, true);
    saveFrom(url, name);
  };
  return (
    <Button
      variant="default"
      size="compact-sm"
      leftSection={<Icon name="download" size={14} />}
      onClick={() => void download()}
    >
      Download original
    </Button>
  );
}
