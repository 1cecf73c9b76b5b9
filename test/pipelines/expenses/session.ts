import { readFileSync } from "node:fs";
import path from "node:path";
import type { LedgerLine, LedgerReceipt, LedgerStatement, Session } from "../../../src/pipelines/expenses/ledger.js";
import { detectExpense } from "../../../src/pipelines/expenses/read/media-types.js";
import { readDocument } from "../../../src/pipelines/expenses/read/read-document.js";
import { ROOT } from "../../support/processes.js";

export const FIXTURES = path.join(ROOT, "test", "pipelines", "expenses", "fixtures");

/** The ledger of some fixtures, read in this process; a document's id is its name. */
export async function sessionOf(names: readonly string[], currency: string | null = null): Promise<Session> {
  const lines: LedgerLine[] = [];
  const receipts: LedgerReceipt[] = [];
  const statements: LedgerStatement[] = [];
  for (const name of names) {
    const bytes = readFileSync(path.join(FIXTURES, name));
    const mediaType = await detectExpense(bytes, name);
    const found = await readDocument(
      { bytes, mediaType, name, role: null },
      { currency, employee: null, dateOrder: "auto", statements: [] },
    );
    if (found.role === "receipt") receipts.push({ ...found.receipt, id: name, name, sha256: null });
    else {
      statements.push({ id: name, name, facts: found.facts });
      for (const line of found.lines)
        lines.push({ ...line, id: `${name}#${line.row}`, statement: name, category: line.category ?? "Uncategorised" });
    }
  }
  const failed = [
    { name: "corrupt.pdf", stage: "extract", code: "MALFORMED_DOCUMENT", message: "corrupt.pdf is broken." },
  ];
  return { lines, receipts, statements, failed };
}
