import type { PipelinePartsFragment } from "../generated/operations.js";
import { count, counted, duration } from "../parts/format.js";
import { AtOnce, Rate, Waited } from "./pipeline-facts.js";

/** What waits and runs at each stage, and what each stage is bound by. */
export function StagesTable({ pipeline: { stages, queued, running } }: { readonly pipeline: PipelinePartsFragment }) {
  // Work that was submitted to another version may stand at stages that this one does not have.
  const elsewhere = {
    queued: queued - stages.reduce((sum, stage) => sum + stage.queued, 0),
    running: running - stages.reduce((sum, stage) => sum + stage.running, 0),
  };
  return (
    <>
      <table className="rows cards">
        <caption className="for-readers">Stages</caption>
        <thead>
          <tr>
            <th scope="col">Stage</th>
            <th scope="col" className="number">
              Queued
            </th>
            <th scope="col" className="number">
              Running
            </th>
            <th scope="col">Longest wait</th>
            <th scope="col">Concurrency</th>
            <th scope="col">Rate limit</th>
            <th scope="col" className="number">
              Max attempts
            </th>
            <th scope="col" className="number">
              Timeout
            </th>
          </tr>
        </thead>
        <tbody>
          {stages.map((stage) => (
            <tr key={stage.name}>
              <td data-title="Stage" className="wide">
                <strong>{stage.name}</strong>
                {stage.kind === "COLLECTION" && <div className="faint">once for the whole collection</div>}
              </td>
              <td data-title="Queued" className="number">
                {stage.queued === 0 ? <span className="faint">0</span> : count(stage.queued)}
              </td>
              <td data-title="Running" className="number">
                {stage.running === 0 ? <span className="faint">0</span> : count(stage.running)}
              </td>
              <td data-title="Longest wait">
                <Waited since={stage.oldestQueuedAt} />
              </td>
              <td data-title="Concurrency">
                <AtOnce limits={stage.limits} />
              </td>
              <td data-title="Rate limit">
                <Rate limits={stage.limits} />
              </td>
              <td data-title="Max attempts" className="number">
                {stage.maxAttempts}
              </td>
              <td data-title="Timeout" className="number">
                {duration(stage.timeoutMs)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {(elsewhere.queued > 0 || elsewhere.running > 0) && (
        <p className="tone-mixed">
          {counted(elsewhere.queued + elsewhere.running, "task")} of another version{" "}
          {elsewhere.queued + elsewhere.running === 1 ? "is" : "are"} at a stage that this version does not have.
        </p>
      )}
    </>
  );
}
