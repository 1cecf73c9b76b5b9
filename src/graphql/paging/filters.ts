import type { ObjectLiteral, SelectQueryBuilder } from "typeorm";

let made = 0;

/** A parameter name that no other condition of the query has. */
function fresh(): string {
  made = (made + 1) % 1_000_000;
  return `f${made}`;
}

/** No condition where the list is absent; none fits an empty one. */
export function oneOf<T extends ObjectLiteral>(
  query: SelectQueryBuilder<T>,
  column: string,
  values: readonly string[] | null | undefined,
): void {
  if (!values) return;
  const name = fresh();
  query.andWhere(`${column} = any(:${name})`, { [name]: values.map((value) => value.replaceAll("\0", "")) });
}

/** Without regard to case; the text is taken literally. */
export function nameContains<T extends ObjectLiteral>(
  query: SelectQueryBuilder<T>,
  text: string | null | undefined,
): void {
  if (text === null || text === undefined) return;
  const name = fresh();
  query.andWhere(`t.name ilike :${name}`, { [name]: `%${text.replaceAll("\0", "").replace(/[\\%_]/g, "\\$&")}%` });
}

/** createdAfter is inclusive, createdBefore exclusive. */
export function createdBetween<T extends ObjectLiteral>(
  query: SelectQueryBuilder<T>,
  filter: { readonly createdAfter?: Date | null; readonly createdBefore?: Date | null } | null | undefined,
): void {
  const { createdAfter, createdBefore } = filter ?? {};
  if (createdAfter) query.andWhere("t.created_at >= :createdAfter", { createdAfter });
  if (createdBefore) query.andWhere("t.created_at < :createdBefore", { createdBefore });
}
