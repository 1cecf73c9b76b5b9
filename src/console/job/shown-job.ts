import type { JobPageQuery } from "../generated/operations.js";

/** The job that a screen is about, as the API tells it. */
export type ShownJob = NonNullable<JobPageQuery["job"]>;
