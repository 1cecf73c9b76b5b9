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

@ObjectType({ description: "Position of a page in its list." })
export class PageInfo {
  @Field(() => Boolean, { description: "Whether items follow this page." })
  readonly hasNextPage!: boolean;
  @Field(() => Boolean, { description: "Whether items precede this page." })
  readonly hasPreviousPage!: boolean;
  @Field(() => String, { nullable: true, description: "Cursor of the first edge; null if the page is empty." })
  readonly startCursor!: string | null;
  @Field(() => String, { nullable: true, description: "Cursor of the last edge; null if the page is empty." })
  readonly endCursor!: string | null;
}

function connectionOf<T extends object>(name: string, node: ClassType<T>) {
  @ObjectType(`${name}Edge`, { description: `One ${name} of a page, with its cursor.` })
  class EdgeType {
    @Field(() => String, { description: "Opaque cursor. Pass it as `after` or `before` to continue from this item." })
    readonly cursor!: string;
    @Field(() => node, { description: "The item at the end of the edge." })
    readonly node!: T;
  }

  @ObjectType(`${name}Connection`, { description: `One page of a list of ${name} objects.` })
  class ConnectionType {
    @Field(() => [EdgeType], { description: "Items of the page, each with its cursor." })
    readonly edges!: EdgeType[];
    @Field(() => [node], { description: "Items of the page without cursors." })
    readonly nodes!: T[];
    @Field(() => PageInfo, { description: "Information for reading further pages." })
    readonly pageInfo!: PageInfo;
    @Field(() => Int, {
      nullable: true,
      description:
        "Number of items in the whole list, exact up to 10,000; null if there are more. Counted only if selected.",
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
