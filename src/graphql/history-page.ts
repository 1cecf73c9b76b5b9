import type { DataSource } from "typeorm";
import { assertCursorKind, decodeCursor } from "../engine/cursor.js";
import type { Change } from "../engine/engine.js";
import { CHANGE_COLUMNS, readDatabaseId, withCursor, type ChangeRow } from "../engine/history.js";
import { COUNT_LIMIT, exactUpToMax, sizeOf, toPage, type Page, type PageRequest } from "./page.js";

/** Which changes a list holds; `where` speaks of `s`, its parameters begin at $1. */
export interface ChangeList {
  readonly where: string;
  readonly parameters: readonly unknown[];
  /** Of which kind its cursors are: those of a stream over the same scope. */
  readonly kind: "collection" | "project";
}

/** One page of the history, oldest first; its cursors are the stream's own. */
export async function changePage(db: DataSource, list: ChangeList, request: PageRequest): Promise<Page<Change>> {
  const { limit, backwards } = sizeOf(request);
  const parameters: unknown[] = [...list.parameters];
  const conditions = [`(${list.where})`];
  for (const side of ["after", "before"] as const) {
    const text = request[side];
    if (typeof text !== "string") continue;
    const cursor = decodeCursor(text);
    assertCursorKind(cursor, list.kind);
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
  const order = list.kind === "collection" ? `s.position ${direction}` : `s.tx ${direction}, s.position ${direction}`;
  const rows: ChangeRow[] = await db.query(
    `select ${CHANGE_COLUMNS} from status_change s where ${conditions.join(" and ")} order by ${order} limit ${limit + 1}`,
    parameters,
  );
  const databaseId = await readDatabaseId(db);
  const edges = rows.map((row) => {
    const node = withCursor(row, list.kind, databaseId);
    return { node, cursor: node.cursor };
  });
  return toPage(request, backwards ? edges.reverse() : edges, async () => {
    const counted: { n: number }[] = await db.query(
      `select count(*)::int as n from (select 1 from status_change s where ${list.where} limit ${COUNT_LIMIT}) c`,
      [...list.parameters],
    );
    return exactUpToMax(counted[0]!.n);
  });
}
