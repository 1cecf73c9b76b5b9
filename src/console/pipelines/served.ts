import type { ServersQuery } from "../generated/operations.js";
import { counted } from "../parts/format.js";

/** A worker, as far as it matters to who takes what. */
export type Server = ServersQuery["workers"][number];

/** Those that take work of the pipeline now. */
export function ableTo<Worker extends Server>(pipeline: string, workers: readonly Worker[]): readonly Worker[] {
  return workers.filter(
    ({ status, serves }) =>
      (status === "RUNNING" || status === "STARTING") && serves.some((served) => served.pipeline === pipeline),
  );
}

/** Such as "3 of version 2, 1 of version 1", the newest version first; "none" where nobody takes it. */
export function servedBy(pipeline: string, workers: readonly Server[]): string {
  const versions = ableTo(pipeline, workers).map(
    ({ serves }) => serves.find((served) => served.pipeline === pipeline)!.version,
  );
  if (versions.length === 0) return "none";
  const distinct = [...new Set(versions)].toSorted((a, b) => b - a);
  if (distinct.length === 1) return counted(versions.length, "worker");
  return distinct
    .map((version) => `${versions.filter((one) => one === version).length} of version ${version}`)
    .join(", ");
}
