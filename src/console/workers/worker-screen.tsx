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
        <Empty icon="server" title="Worker not found">
          No worker has the ID <code>{id}</code>. Workers that have stopped are removed from the list after some time.{" "}
          <Link to="/workers">View all workers</Link>.
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
        title="Running tasks"
        aside={<Meter value={running} most={concurrency} label={`${count(running)} of ${count(concurrency)}`} />}
      >
        <WorkerWork tasks={worker.tasks} isRunning={status === "RUNNING"} />
      </Panel>
      <Panel title="Accepted pipelines">
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
        <dt>Last iteration of the claim loop</dt>
        <dd>
          <When at={lastLoopAt} />
        </dd>
      </div>
      <div>
        <dt>Iterations</dt>
        <dd className="numbers">{count(loopIterations)}</dd>
      </div>
      <div>
        <dt>Last heartbeat</dt>
        <dd>
          <When at={heartbeatAt} />
        </dd>
      </div>
      <div>
        <dt>Last claim</dt>
        <dd>{lastClaimAt === null ? "never" : <When at={lastClaimAt} />}</dd>
      </div>
      <div>
        <dt>Timer delay</dt>
        <dd>
          <Lag ms={eventLoopLagMs} />
        </dd>
      </div>
      <div>
        <dt>Uptime</dt>
        <dd>
          <Lasting from={startedAt} to={isOver ? heartbeatAt : null} />
        </dd>
      </div>
      <div>
        <dt>Headway</dt>
        <dd>{worker.version}</dd>
      </div>
      <div>
        <dt>ID</dt>
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
  if (serves.length === 0) return <p className="faint">This worker accepts no pipelines.</p>;
  return (
    <table className="rows">
      <caption className="for-readers">Accepted pipelines</caption>
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
