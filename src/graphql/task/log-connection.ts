import { Field, Int, ObjectType } from "type-graphql";
import { LogEntry } from "../../model/log-entry.js";
import { PageInfo } from "../paging/connections.js";

@ObjectType({ description: "One line of a page, with its place." })
class LogEdge {
  @Field(() => String, { description: "Opaque; give it to after to go on from here." })
  readonly cursor!: string;
  @Field(() => LogEntry, { description: "The line." })
  readonly node!: LogEntry;
}

@ObjectType({ description: "One page of what a task's stages have written to their log." })
export class LogConnection {
  @Field(() => [LogEdge], { description: "What the page holds, each with its place." })
  readonly edges!: readonly LogEdge[];
  @Field(() => [LogEntry], { description: "The same without the places." })
  readonly nodes!: readonly LogEntry[];
  @Field(() => PageInfo, { description: "Whether there is more, and from where to go on." })
  readonly pageInfo!: PageInfo;
  @Field(() => Int, {
    description: "How many of the task's lines are not kept: it keeps the newest 1,000, and 256 KB of them.",
  })
  readonly droppedCount!: Promise<number>;
}

export type LogPage = Pick<LogConnection, "edges" | "nodes" | "pageInfo" | "droppedCount">;
