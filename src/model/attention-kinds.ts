/** What may need a person, the worst first. */
export const ATTENTION_KINDS = [
  "INVARIANT_BROKEN",
  "DEPENDENCY_AWAY",
  "NO_WORKER",
  "STUCK_JOB",
  "FAILED_JOB",
  "WORKER_STALLED",
  "WORKER_LOST",
  "WEBHOOK_DISABLED",
  "PIPELINE_PAUSED",
] as const;
export type AttentionKind = (typeof ATTENTION_KINDS)[number];
