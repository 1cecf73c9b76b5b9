import type { StatementMapping } from "../../shapes.js";
import type { Column } from "./columns.js";
import { plainHeading, type ColumnRole } from "./headings.js";
import type { Structure } from "./figures.js";
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

/** The first mapping that is for this table: by its name, by headings that it has all, and by columns that it has all. */
export function mappingFor(
  section: Section,
  name: string,
  mappings: readonly StatementMapping[],
): StatementMapping | null {
  const headings = new Set(section.places.map(({ heading }) => plainHeading(heading)));
  return (
    mappings.find((mapping) => {
      const { match } = mapping;
      if (rolesBy(mapping, section) === null) return false;
      if (match.name !== undefined && !name.toLowerCase().includes(match.name.toLowerCase())) return false;
      return (match.headings ?? []).every((heading) => headings.has(plainHeading(heading)));
    }) ?? null
  );
}

/** Columns by the mapping's headings and numbers; null where the table lacks one of them. */
export function rolesBy({ columns }: StatementMapping, section: Section): Map<number, ColumnRole> | null {
  const roles = new Map<number, ColumnRole>();
  for (const [role, where] of Object.entries(columns).flatMap(([name, all]) =>
    [all].flat().map((one) => [name, one] as const),
  )) {
    const at =
      typeof where === "number"
        ? where - 1
        : section.places.findIndex(({ heading }) => plainHeading(heading) === plainHeading(where));
    if (at < 0 || at >= section.places.length) return null;
    roles.set(at, role as ColumnRole);
  }
  return roles;
}

/** What was inferred, in the form that the option takes: pasted there, and corrected, it holds forever. */
export function mappingOf(
  section: Section,
  columns: readonly Column[],
  structure: Structure | null,
  rest: Pick<StatementMapping, "sign" | "dateOrder" | "currency">,
): StatementMapping {
  const where = (column: Column): string | number => {
    const isUnique =
      columns.filter(({ heading }) => plainHeading(heading) === plainHeading(column.heading)).length === 1;
    return column.heading !== "" && isUnique ? column.heading : column.index + 1;
  };
  // The figures' columns are those that were read, whatever their headings say.
  const figures = structure && figuresOf(structure);
  const named: Record<string, (string | number)[]> = {};
  for (const column of columns) {
    const role = figures?.get(column.index) ?? (figures && FIGURES.has(column.role) ? "other" : column.role);
    if (!(MAPPED_ROLES as readonly string[]).includes(role)) continue;
    const of = (named[role] ??= []);
    if (of.length === 0 || JOINED.has(role)) of.push(where(column));
  }
  const headings = section.places.map(({ heading }) => heading).filter((heading) => heading !== "");
  return {
    match: section.hasHeading ? { headings } : {},
    columns: Object.fromEntries(Object.entries(named).map(([role, all]) => [role, all.length === 1 ? all[0]! : all])),
    ...rest,
  };
}

const FIGURES: ReadonlySet<ColumnRole> = new Set(["amount", "debit", "credit", "net"]);
/** Roles whose columns are read together. */
const JOINED: ReadonlySet<ColumnRole> = new Set([
  "description",
  "merchant",
  "type",
  "category",
  "account",
  "reference",
]);

function figuresOf(structure: Structure): ReadonlyMap<number, ColumnRole> {
  const all: (readonly [number | null, ColumnRole])[] =
    structure.kind === "pair"
      ? [
          [structure.debit, "debit"],
          [structure.credit, "credit"],
        ]
      : [[structure.amount, "amount"]];
  return new Map(all.flatMap(([at, role]) => (at === null ? [] : [[at, role] as const])));
}
