/** What a process may be. */
export const PROCESS_ROLES = ["api", "worker", "reconciler"] as const;
export type ProcessRole = (typeof PROCESS_ROLES)[number];
