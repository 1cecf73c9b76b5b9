import { Link } from "@tanstack/react-router";
import { useAsked } from "../api/ask.js";
import { useEvery } from "../api/every.js";
import { PipelinesDocument, ServersDocument, type PipelinePartsFragment } from "../generated/operations.js";
import { count } from "../parts/format.js";
import { Empty, Shown } from "../parts/states.js";
import { useTitle } from "../parts/title.js";
import { WorkSections } from "../workers/work-sections.js";
import { PauseButton } from "./pause.js";
import { PipelineState, Waited } from "./pipeline-facts.js";
import { servedBy, type Server } from "./served.js";

/** Queues have no stream of their own. */
const LOOK_MS = 5_000;

/** What this server can be given to do: how much of it waits and for how long, who takes it, and what holds it up. */
export function PipelinesScreen() {
  const asked = useAsked(PipelinesDocument, {});
  const workers = useAsked(ServersDocument, {});
  useEvery(LOOK_MS, () => {
    asked.again();
    workers.again();
  });
  useTitle("Pipelines");
  return (
    <div className="screen">
      <div className="screen-head">
        <h1>Pipelines</h1>
        <WorkSections />
      </div>
      <Shown asked={asked} rows={6}>
        {({ pipelines }) =>
          pipelines.length === 0 ? (
            <Empty icon="columns" title="This server has no pipelines">
              List your pipeline files in <code>HEADWAY_PIPELINES</code> and restart the server.
            </Empty>
          ) : (
            <PipelinesTable
              pipelines={pipelines}
              workers={workers.data?.workers ?? null}
              onDone={() => {
                asked.again();
              }}
            />
          )
        }
      </Shown>
    </div>
  );
}

interface TableProps {
  readonly pipelines: readonly PipelinePartsFragment[];
  /** Null while they are not known. */
  readonly workers: readonly Server[] | null;
  readonly onDone: () => void;
}

function PipelinesTable({ pipelines, workers, onDone }: TableProps) {
  return (
    <table className="rows cards">
      <caption className="for-readers">Pipelines</caption>
      <thead>
        <tr>
          <th scope="col">Pipeline</th>
          <th scope="col">Status</th>
          <th scope="col" className="number">
            Queued
          </th>
          <th scope="col" className="number">
            Running
          </th>
          <th scope="col">Longest wait</th>
          <th scope="col">Workers</th>
          <th scope="col">
            <span className="for-readers">Actions</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {pipelines.map((pipeline) => (
          <tr key={pipeline.name}>
            <td data-title="Pipeline" className="wide">
              <Link to="/pipelines/$name" params={{ name: pipeline.name }} className="strong">
                {pipeline.name}
              </Link>{" "}
              <span className="faint">v{pipeline.version}</span>
              {pipeline.description !== null && <div className="faint">{pipeline.description}</div>}
            </td>
            <td data-title="Status">
              <PipelineState pipeline={pipeline} workers={workers} />
            </td>
            <td data-title="Queued" className="number">
              <Amount of={pipeline.queued} />
            </td>
            <td data-title="Running" className="number">
              <Amount of={pipeline.running} />
            </td>
            <td data-title="Longest wait">
              <Waited since={pipeline.oldestQueuedAt} />
            </td>
            <td data-title="Workers" className="numbers">
              {workers === null ? "" : servedBy(pipeline.name, workers)}
            </td>
            <td data-title="" className="acts">
              <PauseButton pipeline={pipeline} onDone={onDone} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Amount({ of }: { readonly of: number }) {
  return of === 0 ? <span className="faint">0</span> : <>{count(of)}</>;
}
