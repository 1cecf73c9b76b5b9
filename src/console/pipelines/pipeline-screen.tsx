import { Link, useParams } from "@tanstack/react-router";
import { useAsked } from "../api/ask.js";
import { useEvery } from "../api/every.js";
import { PipelinesDocument, ServersDocument, type PipelinePartsFragment } from "../generated/operations.js";
import { Throughput } from "../now/throughput.js";
import { count, counted } from "../parts/format.js";
import { Icon } from "../parts/icons.js";
import { Empty, Panel, Shown } from "../parts/states.js";
import { useTitle } from "../parts/title.js";
import { When } from "../parts/when.js";
import { PauseButton } from "./pause.js";
import { AtOnce, PipelineState, Rate, Waited } from "./pipeline-facts.js";
import { ableTo, servedBy, type Server } from "./served.js";
import { StageTimes } from "./stage-times.js";
import { StagesTable } from "./stages-table.js";

const LOOK_MS = 3_000;

/** One pipeline: what waits at which stage and for how long, the limits in use, who takes it, and how fast it goes. */
export function PipelineScreen() {
  const { name } = useParams({ from: "/pipelines/$name" });
  const asked = useAsked(PipelinesDocument, {});
  const workers = useAsked(ServersDocument, {});
  useEvery(LOOK_MS, () => {
    asked.again();
    workers.again();
  });
  useTitle(name);
  return (
    <div className="screen">
      <p className="trail">
        <Link to="/pipelines">Pipelines</Link>
      </p>
      <Shown asked={asked} rows={8}>
        {({ pipelines }) => {
          const pipeline = pipelines.find((one) => one.name === name);
          return pipeline ? (
            <OnePipeline key={name} pipeline={pipeline} workers={workers.data?.workers ?? null} onDone={asked.again} />
          ) : (
            <Empty icon="columns" title="Pipeline not found">
              This server has no pipeline named <code>{name}</code>. <Link to="/pipelines">View all pipelines</Link>.
            </Empty>
          );
        }}
      </Shown>
    </div>
  );
}

interface PipelineProps {
  readonly pipeline: PipelinePartsFragment;
  readonly workers: readonly Server[] | null;
  readonly onDone: () => void;
}

function OnePipeline({ pipeline, workers, onDone }: PipelineProps) {
  const { name, version, description, paused, pausedReason, pausedBy, pausedAt, queued, running } = pipeline;
  const isAlone = workers !== null && ableTo(name, workers).length === 0;
  return (
    <>
      <div className="screen-head">
        <h1>{name}</h1>
        <span className="faint">version {version}</span>
        {!paused && <PipelineState pipeline={pipeline} workers={workers} />}
        <span className="spread" />
        <Link to="/jobs" search={{ pipeline: [name] }}>
          View jobs
        </Link>
        <PauseButton pipeline={pipeline} onDone={onDone} />
      </div>
      {description !== null && <p className="faint">{description}</p>}
      {paused && (
        <div className="note tone-mixed" role="status">
          <Icon name="pause" />
          <div>
            <strong>Paused by {pausedBy}</strong>
            {pausedAt !== null && (
              <>
                , <When at={pausedAt} />
              </>
            )}
            : {pausedReason} {queued > 0 && <>{counted(queued, "task is", "tasks are")} waiting.</>}
          </div>
        </div>
      )}
      {isAlone && (
        <div className={`note tone-${queued > 0 ? "bad" : "mixed"}`} role="status">
          <Icon name="warning" />
          <div>
            <strong>No worker runs this pipeline.</strong>{" "}
            {queued > 0 ? `${counted(queued, "task is", "tasks are")} waiting. ` : ""}
            Start a process with the role worker that has this pipeline, or check <Link to="/workers">the workers</Link>
            .
          </div>
        </div>
      )}
      <Panel title="Now">
        <dl className="facts">
          <div>
            <dt>Queued</dt>
            <dd className="numbers">{count(queued)}</dd>
          </div>
          <div>
            <dt>Running</dt>
            <dd className="numbers">{count(running)}</dd>
          </div>
          <div>
            <dt>Longest wait</dt>
            <dd>
              <Waited since={pipeline.oldestQueuedAt} />
            </dd>
          </div>
          <div>
            <dt>Workers</dt>
            <dd>{workers === null ? "…" : servedBy(name, workers)}</dd>
          </div>
          <div>
            <dt>Total concurrency</dt>
            <dd>
              <AtOnce limits={pipeline.limits} />
            </dd>
          </div>
          <div>
            <dt>Total rate limit</dt>
            <dd>
              <Rate limits={pipeline.limits} />
            </dd>
          </div>
        </dl>
      </Panel>
      <Panel title="Stages">
        <StagesTable pipeline={pipeline} />
      </Panel>
      <div className="charts">
        <Throughput title="Last hour" interval="MINUTE" buckets={60} pipeline={name} />
        <Throughput title="Last day" interval="HOUR" buckets={24} pipeline={name} />
      </div>
      <StageTimes pipeline={pipeline} />
    </>
  );
}
