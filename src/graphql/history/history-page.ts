import { assertCursorKind, decodeCursor } from "../../engine/stream/cursor.js";
import { CHANGE_COLUMNS, DATABASE_ID, withCursor, type ChangeRow } from "../../engine/stream/history.js";
import type { StatusChange } from "../../model/status-change.js";
import type { BoundedDb } from "../limits/bounded-read.js";
import { readPage, type PagedList, type SqlStatement } from "../paging/paged-list.js";
import { sizeOf, type Edge, type Page, type PageRequest } from "../paging/page.js";

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
export function historyOf(projectId: string): PagedList<StatusChange> {
  return changes({
    where: "s.entity_id = p.id and s.project_id = $1",
    parameters: [projectId],
    kind: "collection",
    order: ["s.version"],
  });
}

/** One page of the history, oldest first; its cursors are the stream's own. @throws {BadInput} */
export function changePage(context: BoundedDb, list: ChangeList, request: PageRequest): Promise<Page<StatusChange>> {
  return readPage(context, changes(list), request);
}

function changes(list: ChangeList): PagedList<StatusChange> {
  return {
    name: "history",
    page: (request) => pageStatement(list, request),
    all: () => allStatement(list),
    toEdge: (row) => toEdge(row as unknown as PagedRow, list.kind),
  };
}

function pageStatement(list: ChangeList, request: PageRequest): SqlStatement {
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
    sql: `select ${CHANGE_COLUMNS}, ${DATABASE_ID} from headway.status_change s
      where ${conditions.join(" and ")} order by ${order} limit ${limit + 1}`,
    parameters,
  };
}

function allStatement({ where, parameters }: ChangeList): SqlStatement {
  return { sql: `select 1 from headway.status_change s where ${where}`, parameters };
}

function toEdge({ databaseId, ...row }: PagedRow, kind: ChangeList["kind"]): Edge<StatusChange> {
  const node = withCursor(row, kind, databaseId);
  return { node, cursor: node.cursor };
}
