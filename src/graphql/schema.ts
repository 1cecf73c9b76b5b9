import "reflect-metadata";
import type { GraphQLSchema } from "graphql";
import { GraphQLDateTime } from "graphql-scalars";
import { buildSchema, type PubSub } from "type-graphql";
import { AccessResolver } from "./access/access.resolver.js";
import { KeysResolver } from "./access/keys.resolver.js";
import { guardFields } from "./access/guard-fields.js";
import { AttentionResolver } from "./attention/attention.resolver.js";
import { BulkResolver } from "./job/bulk.resolver.js";
import { countAnswers } from "./limits/count-answers.js";
import { oneAfterAnother } from "./limits/one-after-another.js";
import { CollectionResolver } from "./collection/collection.resolver.js";
import { ExpiryResolver } from "./collection/expiry.resolver.js";
import { takeCursorsFirst } from "./stream/cursor-first.js";
import { ChunkResolver, DocumentResolver } from "./document/document.resolver.js";
import { ArtifactResolver, JobResolver, JobSummaryResolver } from "./job/job.resolver.js";
import { CollectionEntitiesResolver, NamedEntityResolver } from "./entity/named-entity.resolver.js";
import { OperationsResolver } from "./operations/operations.resolver.js";
import { PipelineResolver } from "./pipeline/pipeline.resolver.js";
import { StatisticsResolver } from "./operations/statistics.resolver.js";
import { RootResolver } from "./root.resolver.js";
import { StreamResolver } from "./stream/stream.resolver.js";
import { StageRunResolver, TaskLogResolver } from "./task/task-log.resolver.js";
import { TaskResolver, WorkerResolver } from "./task/task.resolver.js";
import { StatusChangeResolver, TrackedResolver } from "./history/tracked.resolver.js";
import { UploadResolver } from "./upload/upload.resolver.js";
import { WebhookDeliveryResolver, WebhookResolver } from "./webhook/webhook.resolver.js";

/** buildSchema wants one wherever there are subscriptions; ours subscribe by functions of their own. */
const noPubSub: PubSub = {
  publish: () => {
    throw new Error("Nothing is published: subscriptions read the history.");
  },
  subscribe: () => {
    throw new Error("Nothing is published: subscriptions read the history.");
  },
};

/** The library takes no descriptions of the root types. */
function describeRoots(schema: GraphQLSchema): void {
  schema.getQueryType()!.description = "Queries. A query never changes data.";
  schema.getMutationType()!.description =
    "Mutations. Expected failures are returned in `userErrors`; other failures are top-level errors. Each description names the least role.";
  schema.getSubscriptionType()!.description = "Subscriptions over WebSocket, with the graphql-transport-ws protocol.";
}

let built: Promise<GraphQLSchema> | null = null;

/** The schema of the API; built once a process. */
export function buildHeadwaySchema(): Promise<GraphQLSchema> {
  built ??= build();
  return built;
}

async function build(): Promise<GraphQLSchema> {
  const schema = await buildSchema({
    resolvers: [
      AccessResolver,
      ArtifactResolver,
      AttentionResolver,
      BulkResolver,
      ChunkResolver,
      CollectionEntitiesResolver,
      CollectionResolver,
      DocumentResolver,
      ExpiryResolver,
      JobResolver,
      JobSummaryResolver,
      KeysResolver,
      NamedEntityResolver,
      OperationsResolver,
      PipelineResolver,
      RootResolver,
      StageRunResolver,
      StatisticsResolver,
      StatusChangeResolver,
      StreamResolver,
      TaskLogResolver,
      TaskResolver,
      TrackedResolver,
      UploadResolver,
      WebhookDeliveryResolver,
      WebhookResolver,
      WorkerResolver,
    ],
    validate: false,
    scalarsMap: [{ type: Date, scalar: GraphQLDateTime }],
    pubSub: noPubSub,
  });
  describeRoots(schema);
  takeCursorsFirst(schema);
  return countAnswers(oneAfterAnother(guardFields(schema)));
}
