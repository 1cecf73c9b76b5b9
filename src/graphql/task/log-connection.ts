import { Field, Int, ObjectType } from "type-graphql";
import { LogEntry } from "../../model/log-entry.js";
import { PageInfo } from "../paging/connections.js";

@ObjectType({ description: "One line of a page, with its cursor." })
class LogEdge {
  @Field(() => String, { description: "Opaque cursor. Pass it as `after` to continue from this line." })
  readonly cursor!: string;
  @Field(() => LogEntry, { description: "The log line." })
  readonly node!: LogEntry;
}

@ObjectType({ description: "One page of the log lines that the stages of a task wrote." })
export class LogConnection {
  @Field(() => [LogEdge], { description: "Items of the page, each with its cursor." })
  readonly edges!: readonly LogEdge[];
  @Field(() => [LogEntry], { description: "Items of the page without cursors." })
  readonly nodes!: readonly LogEntry[];
  @Field(() => PageInfo, { description: "Information for reading further pages." })
  readonly pageInfo!: PageInfo;
  @Field(() => Int, {
    description: "Number of lines that were dropped. A task keeps its newest 1,000 lines, and at most 256 KB.",
  })
  readonly droppedCount!: Promise<number>;
}

export type LogPage = Pick<LogConnection, "edges" | "nodes" | "pageInfo" | "droppedCount">;
