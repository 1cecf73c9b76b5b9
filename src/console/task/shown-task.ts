import type { TaskPageQuery } from "../generated/operations.js";

/** The task that a screen is about, as the API tells it. */
export type ShownTask = NonNullable<TaskPageQuery["task"]>;
