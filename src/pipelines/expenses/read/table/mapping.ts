import type { StatementMapping } from "../../shapes.js";
import type { Column } from "./columns.js";
import { plainHeading, type ColumnRole } from "./headings.js";
import type { Section } from "./sections.js";

/** Roles that a mapping may name. */
export const MAPPED_ROLES = [
  "date",
  "posted",
  "description",
  "merchant",
  "amount",
  "debit",
  "credit",
  "fee",
  "balance",
  "currency",
  "originalAmount",
  "originalCurrency",
  "direction",
  "status",
  "type",
  "employee",
  "category",
  "account",
  "reference",
] as const satisfies readonly ColumnRole[];

/** The first mapping that is for this table: by its name, or by headings that it has all. */
export function mappingFor(
  section: Section,
  name: string,
  mappings: readonly StatementMapping[],
): StatementMapping | null {
  const headings = new Set(section.places.map(({ heading }) => plainHeading(heading)));
  return (
    mappings.find(({ match }) => {
      if (match.name !== undefined && !name.toLowerCase().includes(match.name.toLowerCase())) return false;
      return (match.headings ?? []).every((heading) => headings.has(plainHeading(heading)));
    }) ?? null
  );
}

/** Columns by the mapping's headings and numbers; null where the table lacks one of them. */
export function rolesBy({ columns }: StatementMapping, section: Section): Map<number, ColumnRole> | null {
  const roles = new Map<number, ColumnRole>();
  for (const [role, where] of Object.entries(columns)) {
    const at =
      typeof where === "number"
        ? where - 1
        : section.places.findIndex(({ heading }) => plainHeading(heading) === plainHeading(where));
    if (at < 0 || at >= section.places.length) return null;
    roles.set(at, role as ColumnRole);
  }
  return roles;
}

/** What was inferred, in the form that the option takes: pasted there, and corrected, it holds for ever. */
export function mappingOf(
  section: Section,
  columns: readonly Column[],
  rest: Pick<StatementMapping, "sign" | "dateOrder" | "currency">,
): StatementMapping {
  const where = (column: Column): string | number => {
    const isUnique =
      columns.filter(({ heading }) => plainHeading(heading) === plainHeading(column.heading)).length === 1;
    return column.heading !== "" && isUnique ? column.heading : column.index + 1;
  };
  const named: Record<string, string | number> = {};
  for (const column of columns) {
    if (!(MAPPED_ROLES as readonly string[]).includes(column.role) || column.role in named) continue;
    named[column.role] = where(column);
  }
  const headings = section.places.map(({ heading }) => heading).filter((heading) => heading !== "");
  return { match: section.hasHeading ? { headings } : {}, columns: named, ...rest };
}
