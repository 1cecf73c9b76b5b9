import { Button } from "@mantine/core";
import { useState } from "react";
import { useClient } from "urql";
import { useAsked } from "../api/ask.js";
import { ArtifactAddressDocument, JobArtifactsDocument } from "../generated/operations.js";
import { saveFrom } from "../parts/download.js";
import { count, duration, size } from "../parts/format.js";
import { Icon } from "../parts/icons.js";
import { JsonTree } from "../parts/json-tree.js";
import { useSay } from "../parts/said.js";
import { Empty, Panel, Shown } from "../parts/states.js";
import { When } from "../parts/when.js";
import type { ShownJob } from "./shown-job.js";

/** What came of the job: files, what its stages over all documents reported, and how long the stages took. */
export function JobResults({ job }: { readonly job: ShownJob }) {
  const { summary } = job;
  return (
    <>
      <Artifacts id={job.id} isOpen={summary === null} version={job.version} />
      {summary === null ? (
        <Empty icon="clock" title="No summary yet">
          The summary is available when the job has finished.
        </Empty>
      ) : (
        <>
          {summary.output !== null && (
            <Panel title="Output">
              <JsonTree value={summary.output} />
            </Panel>
          )}
          <Panel title="Stage durations">
            <table className="rows cards">
              <thead>
                <tr>
                  <th scope="col">Stage</th>
                  <th scope="col" className="number">
                    Passed
                  </th>
                  <th scope="col" className="number">
                    Median
                  </th>
                  <th scope="col" className="number">
                    95th percentile
                  </th>
                  <th scope="col" className="number">
                    Longest
                  </th>
                </tr>
              </thead>
              <tbody>
                {summary.stages.map(({ stage, count: passed, p50Ms, p95Ms, maxMs }) => (
                  <tr key={stage}>
                    <td data-title="Stage">{stage}</td>
                    <td data-title="Passed" className="number">
                      {count(passed)}
                    </td>
                    <td data-title="Median" className="number">
                      {duration(p50Ms)}
                    </td>
                    <td data-title="95th percentile" className="number">
                      {duration(p95Ms)}
                    </td>
                    <td data-title="Longest" className="number">
                      {duration(maxMs)}
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </Panel>
        </>
      )}
    </>
  );
}

function Artifacts({
  id,
  isOpen,
  version,
}: {
  readonly id: string;
  readonly isOpen: boolean;
  readonly version: number;
}) {
  const [pages, setPages] = useState<readonly (string | null)[]>([null]);
  return (
    <Panel title="Files">
      {pages.map((after) => (
        <ArtifactPage
          key={`${after} ${version}`}
          id={id}
          after={after}
          isOpen={isOpen}
          onMore={after === pages.at(-1) ? (next) => setPages([...pages, next]) : null}
        />
      ))}
    </Panel>
  );
}

interface ArtifactPageProps {
  readonly id: string;
  readonly after: string | null;
  readonly isOpen: boolean;
  /** Null where the next page is shown already. */
  readonly onMore: ((after: string) => void) | null;
}

function ArtifactPage({ id, after, isOpen, onMore }: ArtifactPageProps) {
  const asked = useAsked(JobArtifactsDocument, { id, after });
  return (
    <Shown asked={asked} rows={2}>
      {({ job }) => {
        const { nodes = [], pageInfo } = job?.artifacts ?? {};
        if (nodes.length === 0 && after === null) {
          return <p className="faint">{isOpen ? "No files yet." : "No files."}</p>;
        }
        return (
          <>
            <ul className="plain-list">
              {nodes.map((artifact) => (
                <li key={artifact.id} className="artifact">
                  <Download id={artifact.id} name={artifact.name} />
                  <span className="faint">
                    {size(artifact.sizeBytes)} · {artifact.mediaType} · <When at={artifact.createdAt} />
                  </span>
                </li>
              ))}
            </ul>
            {pageInfo?.hasNextPage && onMore && (
              <Button variant="default" size="compact-sm" onClick={() => onMore(pageInfo.endCursor!)}>
                Show more files
              </Button>
            )}
          </>
        );
      }}
    </Shown>
  );
}

/** The address carries its own right for a few minutes, so it is asked for when it is wanted, and stands in no page. */
function Download({ id, name }: { readonly id: string; readonly name: string }) {
  const client = useClient();
  const say = useSay();
  const download = async (): Promise<void> => {
    const { data, error } = await client
      .query(ArtifactAddressDocument, { id }, { requestPolicy: "network-only" })
      .toPromise();
    const node = data?.node;
    if (error || !node || !("signedUrl" in node)) {
      say(error?.message ?? `${name} no longer exists.`, true);
      return;
    }
    saveFrom(node.signedUrl.url, name);
  };
  return (
    <Button
      variant="subtle"
      size="compact-sm"
      leftSection={<Icon name="download" size={14} />}
      onClick={() => void download()}
    >
      {name}
    </Button>
  );
}
