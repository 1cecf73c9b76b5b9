import type { ApiClient } from "./client.js";
import { withClient, type ClientOptions } from "./connection.js";
import { findCollection, isId, kindOf, lookUpCollection, type Kind } from "./find.js";
import { CHANGE_FIELDS, type ChangeEvent } from "./follow.js";
import { moment, painted, plain, say, sayJson, table } from "./print.js";

export interface HistoryOptions extends ClientOptions {
  /** Of what is inside it, too. */
  readonly all?: boolean;
  readonly first: number;
  readonly after?: string;
}
interface Page {
  readonly nodes: readonly ChangeEvent[];
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
  readonly totalCount: number | null;
}

const PAGE = `nodes { ${CHANGE_FIELDS} } pageInfo { hasNextPage endCursor } totalCount`;

/** `headway history COLLECTION|JOB|TASK`: list every change with its reason, oldest first. */
export async function runHistory(target: string, options: HistoryOptions): Promise<void> {
  await withClient(options, async (client) => {
    const { id, kind } = await resolve(client, target);
    const { page } = options.all ? await readAll(client, id, kind, options) : await readOwn(client, id, options);
    if (options.json) return sayJson(page);
    const rows = page.nodes.map(({ at, entityType, entityId, version, toStatus, toStage, reason, message, actor }) => [
      moment(at),
      ...(options.all ? [`${entityType.toLowerCase()} ${entityId}`] : []),
      String(version),
      painted(toStatus),
      toStage ?? "",
      reason,
      plain(actor.name),
      plain(message ?? ""),
    ]);
    say(table(["at", ...(options.all ? ["what"] : []), "version", "status", "stage", "reason", "by", "message"], rows));
    if (page.pageInfo.hasNextPage) {
      const total = page.totalCount === null ? "more than 10,000" : String(page.totalCount);
      say(`\n${page.nodes.length} of ${total}; continue with --after ${page.pageInfo.endCursor}`);
    }
  });
}

/** An id of any of the three, or a collection's name. */
async function resolve(client: ApiClient, target: string): Promise<{ id: string; kind: Kind }> {
  if (isId(target) && (await lookUpCollection(client, target)) === null) {
    return { id: target, kind: await kindOf(client, target, ["Collection", "Job", "Task"]) };
  }
  return { id: await findCollection(client, target), kind: "Collection" };
}

async function readOwn(client: ApiClient, id: string, { first, after }: HistoryOptions): Promise<{ page: Page }> {
  const { node } = await client.query<{ node: { page: Page } }>(
    `query ($id: ID!, $first: Int!, $after: String) {
       node(id: $id) { ... on Tracked { page: history(first: $first, after: $after) { ${PAGE} } } } }`,
    { id, first, after: after ?? null },
  );
  return node;
}

const FILTERS = { Collection: "collectionId", Job: "jobId", Task: "taskId" } as const;

function readAll(client: ApiClient, id: string, kind: Kind, { first, after }: HistoryOptions): Promise<{ page: Page }> {
  return client.query(
    `query ($filter: HistoryFilter!, $first: Int!, $after: String) {
       page: statusChanges(filter: $filter, first: $first, after: $after) { ${PAGE} } }`,
    { filter: { [FILTERS[kind]]: id }, first, after: after ?? null },
  );
}
