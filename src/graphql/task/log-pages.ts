import DataLoader from "dataloader";
import type { DataSource } from "typeorm";
import { droppedLines, readLogs, type LogsAsked, type Read } from "../../engine/read/task-logs.js";
import type { LogEntry } from "../../model/log-entry.js";
import { readBounded } from "../limits/bounded-read.js";
import type { Budget } from "../limits/budget.js";
import type { LogPage } from "./log-connection.js";

/** Pages of many tasks' logs: one statement reads those that are asked for alike. One per request, like any loader. */
export class LogPages {
  readonly #read: Read;
  readonly #projectId: string;
  readonly #pages = new Map<string, DataLoader<string, readonly LogEntry[]>>();
  readonly #dropped: DataLoader<string, number>;

  constructor(db: DataSource, budget: Budget, projectId: string) {
    this.#read = (sql, parameters) => readBounded(db, budget, sql, parameters);
    this.#projectId = projectId;
    this.#dropped = new DataLoader((ids) => droppedLines(this.#read, projectId, ids));
  }

  /** @throws {BadInput} on a cursor that is none */
  async load(taskId: string, asked: LogsAsked): Promise<LogPage> {
    const key = JSON.stringify(asked);
    const pages =
      this.#pages.get(key) ??
      new DataLoader<string, readonly LogEntry[]>(async (ids) => {
        const byTask = await readLogs(this.#read, this.#projectId, ids, asked);
        return ids.map((id) => byTask.get(id) ?? []);
      });
    this.#pages.set(key, pages);
    const found = await pages.load(taskId);
    const nodes = found.slice(0, asked.first);
    const dropped = this.#dropped;
    return {
      edges: nodes.map((node) => ({ cursor: node.cursor, node })),
      nodes,
      pageInfo: {
        hasNextPage: found.length > asked.first,
        hasPreviousPage: asked.after !== null,
        startCursor: nodes[0]?.cursor ?? null,
        endCursor: nodes.at(-1)?.cursor ?? null,
      },
      get droppedCount() {
        return dropped.load(taskId);
      },
    };
  }
}
