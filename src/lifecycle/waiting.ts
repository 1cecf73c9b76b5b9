/** What work that does not move waits for. */
export const WAITING_CODES = [
  "NO_WORKER",
  "PIPELINE_PAUSED",
  "RETRY_BACKOFF",
  "RATE_LIMITED",
  "AT_CONCURRENCY_LIMIT",
  "SCHEDULED",
  "BEHIND_OTHERS",
  "DOCUMENTS_OPEN",
  "LEASE_LOST",
  "WORKER_STALLED",
  "SLOW_STAGE",
  "CANCEL_PENDING",
] as const;
export type WaitingCode = (typeof WAITING_CODES)[number];
