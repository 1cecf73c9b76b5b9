import { Link, useParams } from "@tanstack/react-router";
import { useAsked } from "../api/ask.js";
import { useEvery } from "../api/every.js";
import { PipelineNamesDocument, WorkerPageDocument, type WorkerPageQuery } from "../generated/operations.js";
import { count } from "../parts/format.js";
import { Icon } from "../parts/icons.js";
import { Meter } from "../parts/meter.js";
import { StatusWord } from "../parts/status.js";
import { Empty, FaultNote, Loading, Panel } from "../parts/states.js";
import { useTitle } from "../parts/title.js";
import { Lasting, useNow, When } from "../parts/when.js";
import { Lag } from "./worker-facts.js";
import { adviceFor, workerName } from "./worker-health.js";
import { WorkerWork } from "./worker-work.js";

const LOOK_MS = 2_000;

type ShownWorker = Extract<NonNullable<WorkerPageQuery["node"]>, { __typename: "Worker" }>;

/** One worker: whether it goes round, what it runs now, and what it takes. */
export function WorkerScreen() {
  const { id } = useParams({ from: "/workers/$id" });
  const asked = useAsked(WorkerPageDocument, { id });
  useEvery(LOOK_MS, asked.again);
  const node = asked.data?.node;
  const worker = node?.__typename === "Worker" ? node : null;
  useTitle(worker ? workerName(worker) : "Worker");
  const isUnknown = asked.fault?.code === "BAD_USER_INPUT" || (asked.data !== undefined && worker === null);
  return (
    <div className="screen">
      <p className="trail">
        <Link to="/workers">Workers</Link>
      </p>
      {asked.fault && !isUnknown && <FaultNote fault={asked.fault} again={asked.again} />}
      {asked.isLoading && <Loading rows={6} />}
      {isUnknown && (
        <Empty icon="server" title="There is no such worker">
          None has the id <code>{id}</code>. What has stopped is forgotten after a while.{" "}
          <Link to="/workers">See those that there are</Link>.
        </Empty>
      )}
      {worker && <OneWorker worker={worker} />}
    </div>
  );
}

function OneWorker({ worker }: { readonly worker: ShownWorker }) {
  const { status, running, concurrency } = worker;
  const advice = adviceFor(worker, useNow());
  return (
    <>
      <div className="screen-head">
        <h1>{workerName(worker)}</h1>
        <StatusWord of="WorkerStatus" word={status} />
      </div>
      {advice !== null && (
        <div className={`note tone-${status === "STALLED" || status === "LOST" ? "bad" : "mixed"}`} role="status">
          <Icon name="warning" />
          <div>{advice}</div>
        </div>
      )}
      <Panel title="Health">
        <WorkerFacts worker={worker} />
      </Panel>
      <Panel
        title="What it runs now"
        aside={<Meter value={running} most={concurrency} label={`${count(running)} of ${count(concurrency)}`} />}
      >
        <WorkerWork tasks={worker.tasks} isRunning={status === "RUNNING"} />
      </Panel>
      <Panel title="What it takes">
        <Served worker={worker} />
      </Panel>
    </>
  );
}

function WorkerFacts({ worker }: { readonly worker: ShownWorker }) {
  const { id, status, startedAt, heartbeatAt, lastLoopAt, lastClaimAt, loopIterations, eventLoopLagMs } = worker;
  const isOver = status === "STOPPED" || status === "LOST";
  return (
    <dl className="facts">
      <div>
        <dt>Last iteration of its loop</dt>
        <dd>
          <When at={lastLoopAt} />
        </dd>
      </div>
      <div>
        <dt>Iterations</dt>
        <dd className="numbers">{count(loopIterations)}</dd>
      </div>
      <div>
        <dt>Last heard from</dt>
        <dd>
          <When at={heartbeatAt} />
        </dd>
      </div>
      <div>
        <dt>Last took a task</dt>
        <dd>{lastClaimAt === null ? "never" : <When at={lastClaimAt} />}</dd>
      </div>
      <div>
        <dt>Late by</dt>
        <dd>
          <Lag ms={eventLoopLagMs} />
        </dd>
      </div>
      <div>
        <dt>Up for</dt>
        <dd>
          <Lasting from={startedAt} to={isOver ? heartbeatAt : null} />
        </dd>
      </div>
      <div>
        <dt>Headway</dt>
        <dd>{worker.version}</dd>
      </div>
      <div>
        <dt>Id</dt>
        <dd>
          <code>{id}</code>
        </dd>
      </div>
    </dl>
  );
}

/** Its version of each pipeline, beside the one that this server has: they differ while a new one is rolled out. */
function Served({ worker: { serves } }: { readonly worker: ShownWorker }) {
  const known = useAsked(PipelineNamesDocument, {}).data?.pipelines;
  if (serves.length === 0) return <p className="faint">It takes nothing.</p>;
  return (
    <table className="rows">
      <caption className="for-readers">Pipelines that it takes</caption>
      <thead>
        <tr>
          <th scope="col">Pipeline</th>
          <th scope="col" className="number">
            Version
          </th>
          <th scope="col">Stages</th>
        </tr>
      </thead>
      <tbody>
        {serves.map(({ pipeline, version, stages }) => {
          const newest = known?.find(({ name }) => name === pipeline)?.version;
          return (
            <tr key={pipeline}>
              <td>
                <Link to="/pipelines/$name" params={{ name: pipeline }}>
                  {pipeline}
                </Link>
              </td>
              <td className="number">
                {version}
                {newest !== undefined && newest !== version && (
                  <div className="tone-mixed">this server has {newest}</div>
                )}
              </td>
              <td>{stages.join(", ")}</td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}
