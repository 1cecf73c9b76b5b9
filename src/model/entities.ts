import { ApiKey } from "./api-key.js";
import { Artifact } from "./artifact.js";
import { Chunk } from "./chunk.js";
import { Collection } from "./collection.js";
import { Document } from "./document.js";
import { JobSummary } from "./job-summary.js";
import { Job } from "./job.js";
import { NamedEntity } from "./named-entity.js";
import { RefusedWrite, Task } from "./task.js";
import { Webhook, WebhookAttempt, WebhookDelivery } from "./webhook.js";
import { Worker } from "./worker.js";

/** Every entity, for the data source. */
export const ENTITIES = [
  ApiKey,
  Artifact,
  Chunk,
  Collection,
  Document,
  Job,
  JobSummary,
  NamedEntity,
  RefusedWrite,
  Task,
  Webhook,
  WebhookAttempt,
  WebhookDelivery,
  Worker,
] as const;
