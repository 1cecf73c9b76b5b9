import { Link } from "@tanstack/react-router";
import { useAsked } from "../api/ask.js";
import { WorkerTasksDocument } from "../generated/operations.js";
import { Shown } from "../parts/states.js";
import { Lasting } from "../parts/when.js";

/** What a worker holds now, with the way to each job. */
export function WorkerTasks({ id }: { readonly id: string }) {
  const asked = useAsked(WorkerTasksDocument, { id });
  return (
    <Shown asked={asked} rows={2}>
      {({ tasks }) =>
        tasks.nodes.length === 0 ? (
          <p className="faint">No running tasks.</p>
        ) : (
          <ul className="plain-list">
            {tasks.nodes.map(({ id: taskId, documentName, stage, startedAt, job }) => (
              <li key={taskId}>
                <Link to="/jobs/$id" params={{ id: job.id }}>
                  {job.collection.name}
                </Link>{" "}
                · {documentName ?? "all documents"} at <code>{stage}</code>
                {startedAt !== null && (
                  <>
                    {" "}
                    for <Lasting from={startedAt} to={null} />
                  </>
                )}
              </li>
            ))}
          </ul>
        )
      }
    </Shown>
  );
}
