import type { DataSource } from "typeorm";
import { assertCursorKind, decodeCursor } from "../../engine/stream/cursor.js";
import type { Change } from "../../engine/engine.js";
import { CHANGE_COLUMNS, DATABASE_ID, withCursor, type ChangeRow } from "../../engine/stream/history.js";
import type { NestedList, Statement } from "../paging/nested-pages.js";
import { COUNT_LIMIT, exactUpToMax, sizeOf, toPage, type Edge, type Page, type PageRequest } from "../paging/page.js";

/** Which changes a list holds; `where` speaks of `s`, its parameters begin at $1. */
export interface ChangeList {
  readonly where: string;
  readonly parameters: readonly unknown[];
  /** Of which kind its cursors are: those of a stream over the same scope. */
  readonly kind: "collection" | "project";
  /** Columns that run as the stream does, where an index has others than its own. */
  readonly order?: readonly string[];
}

type PagedRow = ChangeRow & { readonly databaseId: string };

/** The history of what has the id `p.id`. Within one entity versions run as positions do, and are indexed. */
export function historyOf(projectId: string): NestedList<Change> {
  const list: ChangeList = {
    where: "s.entity_id = p.id and s.project_id = $1",
    parameters: [projectId],
    kind: "collection",
    order: ["s.version"],
  };
  return {
    name: "history",
    page: (request) => pageStatement(list, request),
    all: () => allStatement(list),
    toEdge: (row) => toEdge(row as unknown as PagedRow, list.kind),
  };
}

/** One page of the history, oldest first; its cursors are the stream's own. */
export async function changePage(db: DataSource, list: ChangeList, request: PageRequest): Promise<Page<Change>> {
  const { sql, parameters } = pageStatement(list, request);
  const rows: PagedRow[] = await db.query(sql, [...parameters]);
  const edges = rows.map((row) => toEdge(row, list.kind));
  return toPage(request, sizeOf(request).backwards ? edges.reverse() : edges, async () => {
    const all = allStatement(list);
    const counted: { n: number }[] = await db.query(
      `select count(*)::int as n from (${all.sql} limit ${COUNT_LIMIT}) c`,
      [...all.parameters],
    );
    return exactUpToMax(counted[0]!.n);
  });
}

function pageStatement(list: ChangeList, request: PageRequest): Statement {
  const { limit, backwards } = sizeOf(request);
  const parameters: unknown[] = [...list.parameters];
  const conditions = [`(${list.where})`];
  for (const side of ["after", "before"] as const) {
    const text = request[side];
    if (typeof text !== "string") continue;
    const cursor = decodeCursor(text, side);
    assertCursorKind(cursor, list.kind, side);
    const sign = side === "after" ? ">" : "<";
    if (cursor.kind === "collection") {
      parameters.push(cursor.position);
      conditions.push(`s.position ${sign} $${parameters.length}::bigint`);
    } else {
      parameters.push(cursor.tx, cursor.position);
      conditions.push(`(s.tx, s.position) ${sign} ($${parameters.length - 1}::xid8, $${parameters.length}::bigint)`);
    }
  }
  const direction = backwards ? "desc" : "asc";
  const columns = list.order ?? (list.kind === "collection" ? ["s.position"] : ["s.tx", "s.position"]);
  const order = columns.map((column) => `${column} ${direction}`).join(", ");
  return {
    sql: `select ${CHANGE_COLUMNS}, ${DATABASE_ID} from status_change s
      where ${conditions.join(" and ")} order by ${order} limit ${limit + 1}`,
    parameters,
  };
}

function allStatement({ where, parameters }: ChangeList): Statement {
  return { sql: `select 1 from status_change s where ${where}`, parameters };
}

function toEdge({ databaseId, ...row }: PagedRow, kind: ChangeList["kind"]): Edge<Change> {
  const node = withCursor(row, kind, databaseId);
  return { node, cursor: node.cursor };
}
