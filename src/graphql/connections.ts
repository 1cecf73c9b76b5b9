import { Field, Int, ObjectType, type ClassType } from "type-graphql";
import { Artifact } from "../model/artifact.js";
import { Chunk } from "../model/chunk.js";
import { Collection } from "../model/collection.js";
import { Document } from "../model/document.js";
import { Job } from "../model/job.js";
import { NamedEntity } from "../model/named-entity.js";
import { StatusChange } from "../model/status-change.js";
import { Task } from "../model/task.js";

@ObjectType({ description: "Where a page stands in its list." })
export class PageInfo {
  @Field(() => Boolean)
  readonly hasNextPage!: boolean;
  @Field(() => Boolean)
  readonly hasPreviousPage!: boolean;
  @Field(() => String, { nullable: true })
  readonly startCursor!: string | null;
  @Field(() => String, { nullable: true })
  readonly endCursor!: string | null;
}

function connectionOf<T extends object>(name: string, node: ClassType<T>) {
  @ObjectType(`${name}Edge`, { description: `One ${name} of a page, with its place.` })
  class EdgeType {
    @Field(() => String)
    readonly cursor!: string;
    @Field(() => node)
    readonly node!: T;
  }

  @ObjectType(`${name}Connection`, { description: `One page of a list of ${name}.` })
  class ConnectionType {
    @Field(() => [EdgeType])
    readonly edges!: EdgeType[];
    @Field(() => [node])
    readonly nodes!: T[];
    @Field(() => PageInfo)
    readonly pageInfo!: PageInfo;
    @Field(() => Int, { nullable: true, description: "Exact to 10,000; null beyond." })
    readonly totalCount!: Promise<number | null>;
  }
  return ConnectionType;
}

export const ArtifactConnection = connectionOf("Artifact", Artifact);
export const ChunkConnection = connectionOf("Chunk", Chunk);
export const CollectionConnection = connectionOf("Collection", Collection);
export const DocumentConnection = connectionOf("Document", Document);
export const JobConnection = connectionOf("Job", Job);
export const NamedEntityConnection = connectionOf("NamedEntity", NamedEntity);
export const StatusChangeConnection = connectionOf("StatusChange", StatusChange);
export const TaskConnection = connectionOf("Task", Task);
