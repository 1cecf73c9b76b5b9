import { JsonTree } from "../parts/json-tree.js";
import type { ShownJob } from "./shown-job.js";

/** What was asked for: mode and options, with the pipeline's defaults filled in. */
export function JobOrderShown({ job }: { readonly job: ShownJob }) {
  return (
    <div className="panel">
      <p>
        <strong>{job.mode}</strong>{" "}
        {job.mode === "INCREMENTAL"
          ? "Only documents not yet completed with this version and these options."
          : "Every document of the collection."}
      </p>
      <h3>Options</h3>
      <JsonTree value={job.options} />
    </div>
  );
}
