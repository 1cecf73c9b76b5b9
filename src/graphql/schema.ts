import "reflect-metadata";
import type { GraphQLSchema } from "graphql";
import { GraphQLDateTime } from "graphql-scalars";
import { buildSchema, type PubSub } from "type-graphql";
import { AccessResolver } from "./access.resolver.js";
import { guardRoots } from "./auth.js";
import { BulkResolver } from "./bulk.resolver.js";
import { CollectionResolver } from "./collection.resolver.js";
import { takeCursorsFirst } from "./cursor-first.js";
import { ChunkResolver, DocumentResolver } from "./document.resolver.js";
import { ArtifactResolver, JobResolver, JobSummaryResolver } from "./job.resolver.js";
import { OperationsResolver } from "./operations.resolver.js";
import { PipelineResolver } from "./pipeline.resolver.js";
import { RootResolver } from "./root.resolver.js";
import { StreamResolver } from "./stream.resolver.js";
import { TaskResolver, WorkerResolver } from "./task.resolver.js";
import { StatusChangeResolver, TrackedResolver } from "./tracked.resolver.js";
import { UploadResolver } from "./upload.resolver.js";

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
  schema.getQueryType()!.description = "What can be read; nothing here changes anything that can be seen.";
  schema.getMutationType()!.description =
    "What can be done. Expected failures come as userErrors beside an empty result.";
  schema.getSubscriptionType()!.description =
    "What can be followed, over WebSocket with the graphql-transport-ws protocol.";
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
      BulkResolver,
      ChunkResolver,
      CollectionResolver,
      DocumentResolver,
      JobResolver,
      JobSummaryResolver,
      OperationsResolver,
      PipelineResolver,
      RootResolver,
      StatusChangeResolver,
      StreamResolver,
      TaskResolver,
      TrackedResolver,
      UploadResolver,
      WorkerResolver,
    ],
    validate: false,
    scalarsMap: [{ type: Date, scalar: GraphQLDateTime }],
    pubSub: noPubSub,
  });
  describeRoots(schema);
  takeCursorsFirst(schema);
  return guardRoots(schema);
}
