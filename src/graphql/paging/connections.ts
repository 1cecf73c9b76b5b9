import { Field, Int, ObjectType, type ClassType } from "type-graphql";
import { ApiKey } from "../../model/api-key.js";
import { Artifact } from "../../model/artifact.js";
import { Chunk } from "../../model/chunk.js";
import { Collection } from "../../model/collection.js";
import { Document } from "../../model/document.js";
import { Job } from "../../model/job.js";
import { NamedEntity } from "../../model/named-entity.js";
import { StatusChange } from "../../model/status-change.js";
import { Task } from "../../model/task.js";
import { Webhook, WebhookDelivery } from "../../model/webhook.js";

@ObjectType({ description: "Where a page stands in its list." })
export class PageInfo {
  @Field(() => Boolean, { description: "Whether there is more behind the page." })
  readonly hasNextPage!: boolean;
  @Field(() => Boolean, { description: "Whether there is more before the page." })
  readonly hasPreviousPage!: boolean;
  @Field(() => String, { nullable: true, description: "The cursor of its first edge; null where it is empty." })
  readonly startCursor!: string | null;
  @Field(() => String, { nullable: true, description: "The cursor of its last edge; null where it is empty." })
  readonly endCursor!: string | null;
}

function connectionOf<T extends object>(name: string, node: ClassType<T>) {
  @ObjectType(`${name}Edge`, { description: `One ${name} of a page, with its place.` })
  class EdgeType {
    @Field(() => String, { description: "Opaque; give it to after or before to go on from here." })
    readonly cursor!: string;
    @Field(() => node, { description: "What stands at this place." })
    readonly node!: T;
  }

  @ObjectType(`${name}Connection`, { description: `One page of a list of ${name}.` })
  class ConnectionType {
    @Field(() => [EdgeType], { description: "What the page holds, each with its place." })
    readonly edges!: EdgeType[];
    @Field(() => [node], { description: "The same without the places." })
    readonly nodes!: T[];
    @Field(() => PageInfo, { description: "Whether there is more, and from where to go on." })
    readonly pageInfo!: PageInfo;
    @Field(() => Int, {
      nullable: true,
      description: "Of the whole list; counted only when it is selected, exact to 10,000, null beyond.",
    })
    readonly totalCount!: Promise<number | null>;
  }
  return ConnectionType;
}

export const ApiKeyConnection = connectionOf("ApiKey", ApiKey);
export const ArtifactConnection = connectionOf("Artifact", Artifact);
export const ChunkConnection = connectionOf("Chunk", Chunk);
export const CollectionConnection = connectionOf("Collection", Collection);
export const DocumentConnection = connectionOf("Document", Document);
export const JobConnection = connectionOf("Job", Job);
export const NamedEntityConnection = connectionOf("NamedEntity", NamedEntity);
export const StatusChangeConnection = connectionOf("StatusChange", StatusChange);
export const TaskConnection = connectionOf("Task", Task);
export const WebhookConnection = connectionOf("Webhook", Webhook);
export const WebhookDeliveryConnection = connectionOf("WebhookDelivery", WebhookDelivery);
