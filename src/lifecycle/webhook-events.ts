/** What webhooks can be told of. */
export const WEBHOOK_EVENTS = ["JOB_STARTED", "JOB_SETTLED", "TASKS_FAILED", "COLLECTION_EXPIRED"] as const;
export type WebhookEvent = (typeof WEBHOOK_EVENTS)[number];
