import { Link } from "@tanstack/react-router";
import type { WorkerPageQuery } from "../generated/operations.js";
import { percent } from "../parts/format.js";
import { Lasting } from "../parts/when.js";

type Tasks = Extract<NonNullable<WorkerPageQuery["node"]>, { __typename: "Worker" }>["tasks"];

interface WorkerWorkProps {
  readonly tasks: Tasks;
  /** Whether it goes round and takes work. */
  readonly isRunning: boolean;
}

/** The tasks whose lease a worker holds, with the way to each and to its job. */
export function WorkerWork({ tasks: { nodes, pageInfo }, isRunning }: WorkerWorkProps) {
  if (nodes.length === 0) {
    return (
      <p className="faint">{isRunning ? "No running tasks; the worker is checking for work." : "No running tasks."}</p>
    );
  }
  return (
    <>
      <table className="rows cards">
        <caption className="for-readers">Running tasks</caption>
        <thead>
          <tr>
            <th scope="col">Document</th>
            <th scope="col">Job</th>
            <th scope="col">Stage</th>
            <th scope="col">Progress</th>
            <th scope="col" className="number">
              Attempt
            </th>
            <th scope="col" className="number">
              Duration
            </th>
          </tr>
        </thead>
        <tbody>
          {nodes.map(
            ({ id, documentName, stage, attempt, maxAttempts, progress, progressMessage, statusChangedAt, job }) => (
              <tr key={id}>
                <td data-title="Document">
                  <Link to="/tasks/$id" params={{ id }}>
                    {documentName ?? <em>all documents</em>}
                  </Link>
                </td>
                <td data-title="Job">
                  <Link to="/jobs/$id" params={{ id: job.id }}>
                    {job.collection.name}
                  </Link>{" "}
                  <span className="faint">{job.pipeline}</span>
                </td>
                <td data-title="Stage">
                  <code>{stage}</code>
                </td>
                <td data-title="Progress">
                  {progress > 0 ? percent(progress) : <span className="faint">–</span>}
                  {progressMessage !== null && <span className="faint"> {progressMessage}</span>}
                </td>
                <td data-title="Attempt" className="number">
                  {attempt} of {maxAttempts}
                </td>
                <td data-title="Duration" className="number">
                  <Lasting from={statusChangedAt} to={null} />
                </td>
              </tr>
            ),
          )}
        </tbody>
      </table>
      {pageInfo.hasNextPage && <p className="faint">Showing the first 100.</p>}
    </>
  );
}
