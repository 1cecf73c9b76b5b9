import { Link } from "@tanstack/react-router";
import type { WorkersQuery } from "../generated/operations.js";
import { count } from "../parts/format.js";
import { Meter } from "../parts/meter.js";
import { StatusWord } from "../parts/status.js";
import { Lasting, useNow, When } from "../parts/when.js";
import { Lag, Takes } from "./worker-facts.js";
import { adviceFor, workerName } from "./worker-health.js";

/** A worker with the first of what it runs. */
export type ListedWorker = WorkersQuery["workers"][number];

/** One row for each worker; what is wrong with one stands below its name. */
export function WorkersTable({ workers }: { readonly workers: readonly ListedWorker[] }) {
  return (
    <table className="rows cards">
      <caption className="for-readers">Workers</caption>
      <thead>
        <tr>
          <th scope="col">Worker</th>
          <th scope="col">Status</th>
          <th scope="col">Running</th>
          <th scope="col">Accepts</th>
          <th scope="col">Last iteration</th>
          <th scope="col">Last heartbeat</th>
          <th scope="col" className="number">
            Timer delay
          </th>
          <th scope="col" className="number">
            Uptime
          </th>
        </tr>
      </thead>
      <tbody>
        {workers.map((worker) => (
          <WorkerRow key={worker.id} worker={worker} />
        ))}
      </tbody>
    </table>
  );
}

function WorkerRow({ worker }: { readonly worker: ListedWorker }) {
  const { id, status, lastLoopAt, heartbeatAt, eventLoopLagMs, startedAt } = worker;
  const advice = adviceFor(worker, useNow());
  const isOver = status === "STOPPED" || status === "LOST";
  return (
    <tr data-tone={status === "STALLED" || status === "LOST" ? "bad" : undefined}>
      <td data-title="Worker" className="wide">
        <Link to="/workers/$id" params={{ id }} className="strong">
          {workerName(worker)}
        </Link>
        {advice !== null && status !== "DRAINING" && <div className="advice">{advice}</div>}
      </td>
      <td data-title="Status">
        <StatusWord of="WorkerStatus" word={status} />
      </td>
      <td data-title="Running">
        <RunsNow worker={worker} isOver={isOver} />
      </td>
      <td data-title="Accepts">
        <Takes serves={worker.serves} />
      </td>
      <td data-title="Last iteration">
        <When at={lastLoopAt} />
      </td>
      <td data-title="Last heartbeat">
        <When at={heartbeatAt} />
      </td>
      <td data-title="Timer delay" className="number">
        <Lag ms={eventLoopLagMs} />
      </td>
      <td data-title="Uptime" className="number">
        <Lasting from={startedAt} to={isOver ? heartbeatAt : null} />
      </td>
    </tr>
  );
}

/** How many tasks, and the first of them by name. */
function RunsNow({ worker, isOver }: { readonly worker: ListedWorker; readonly isOver: boolean }) {
  const { running, concurrency, tasks } = worker;
  const more = running - tasks.nodes.length;
  return (
    <span className="state-cell">
      <Meter
        value={running}
        most={concurrency}
        label={`${count(running)} of ${count(concurrency)}`}
        tone={isOver ? "quiet" : "busy"}
      />
      {tasks.nodes.map(({ id, documentName, stage, job }) => (
        <span key={id}>
          <Link to="/jobs/$id" params={{ id: job.id }}>
            {job.collection.name}
          </Link>{" "}
          <span className="faint">
            <Link to="/tasks/$id" params={{ id }}>
              {documentName ?? "all documents"}
            </Link>{" "}
            at {stage}
          </span>
        </span>
      ))}
      {tasks.nodes.length > 0 && more > 0 && <span className="faint">and {count(more)} more</span>}
    </span>
  );
}
