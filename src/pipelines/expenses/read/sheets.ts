import type { Sheet } from "./formats/table-rows.js";
import { readStatement, type Statement, type StatementDefaults } from "./statement.js";

/** The lines of every sheet of a workbook, each read for itself; sheets without transactions add nothing. */
export function readSheets(
  sheets: readonly Sheet[],
  { name, format }: { readonly name: string; readonly format: "XLSX" | "XLS" },
  defaults: StatementDefaults,
): Statement {
  const read = sheets.map((sheet) => ({
    sheet,
    found: readStatement(sheet.rows, { name: `${name} ${sheet.name}`, format, isPage: false }, defaults),
  }));
  const withLines = read.filter(({ found }) => found.lines.length > 0);
  if (withLines.length <= 1) return (withLines[0] ?? read[0])?.found ?? empty(format);
  let row = 0;
  const lines = withLines.flatMap(({ found }) => found.lines.map((line) => ({ ...line, row: (row += 1) })));
  const facts = withLines.map(({ sheet, found }) => ({ sheet: sheet.name, ...found.facts }));
  return {
    lines,
    facts: {
      format,
      accounts: facts.flatMap(({ sheet, accounts }) =>
        accounts.map((one) => ({ ...one, account: one.account ?? sheet })),
      ),
      evidence: facts.flatMap(({ sheet, evidence }) =>
        evidence.map((one) => ({ ...one, reason: `${sheet}: ${one.reason}` })),
      ),
      notRead: read.flatMap(({ found }) => found.facts.notRead),
      mapping: facts[0]!.mapping,
    },
  };
}

function empty(format: string): Statement {
  return { lines: [], facts: { format, accounts: [], evidence: [], notRead: [], mapping: null } };
}
