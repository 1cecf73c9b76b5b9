import "reflect-metadata";
import type { GraphQLSchema } from "graphql";
import { GraphQLDateTime } from "graphql-scalars";
import { buildSchema, type PubSub } from "type-graphql";
import { CollectionResolver } from "./collection.resolver.js";
import { ChunkResolver, DocumentResolver } from "./document.resolver.js";
import { ArtifactResolver, JobResolver, JobSummaryResolver } from "./job.resolver.js";
import { CollectionEntitiesResolver, NamedEntityResolver } from "./named-entity.resolver.js";
import { OperationsResolver } from "./operations.resolver.js";
import { PipelineResolver } from "./pipeline.resolver.js";
import { RootResolver } from "./root.resolver.js";
import { StreamResolver } from "./stream.resolver.js";
import { TaskResolver, WorkerResolver } from "./task.resolver.js";
import { StatusChangeResolver, TrackedResolver } from "./tracked.resolver.js";

/** buildSchema wants one wherever there are subscriptions; ours subscribe by functions of their own. */
const noPubSub: PubSub = {
  publish: () => {
    throw new Error("Nothing is published: subscriptions read the history.");
  },
  subscribe: () => {
    throw new Error("Nothing is published: subscriptions read the history.");
  },
};

let built: Promise<GraphQLSchema> | null = null;

/** The schema of the API; built once a process. */
export function buildHeadwaySchema(): Promise<GraphQLSchema> {
  built ??= buildSchema({
    resolvers: [
      ArtifactResolver,
      ChunkResolver,
      CollectionEntitiesResolver,
      CollectionResolver,
      DocumentResolver,
      JobResolver,
      JobSummaryResolver,
      NamedEntityResolver,
      OperationsResolver,
      PipelineResolver,
      RootResolver,
      StatusChangeResolver,
      StreamResolver,
      TaskResolver,
      TrackedResolver,
      WorkerResolver,
    ],
    validate: false,
    scalarsMap: [{ type: Date, scalar: GraphQLDateTime }],
    pubSub: noPubSub,
  });
  return built;
}
