import type { CollectionContext } from "../pipeline.js";
import { aliasesOf, Employees } from "./employees.js";
import { categoryOf } from "./categories.js";
import type { ExpensesOptions } from "./options.js";
import type { Extracted, Receipt, StatementLine } from "./shapes.js";

export interface LedgerLine extends StatementLine {
  /** The document's id and the row: what matches refer to. */
  readonly id: string;
  readonly statement: string;
  /** As the aliases have it. */
  readonly employee: string | null;
  readonly category: string;
}

export interface LedgerReceipt extends Receipt {
  /** The document's id. */
  readonly id: string;
  readonly name: string;
  readonly sha256: string | null;
}

/** All that the documents of a collection say, in their order. */
export interface Ledger {
  readonly lines: readonly LedgerLine[];
  readonly receipts: readonly LedgerReceipt[];
}

/** Above this the stages' outputs outgrow what is kept of a stage. */
export const MAX_LINES = 20_000;

/** The ledger of the collection: the documents that failed are absent. */
export async function readLedger(ctx: CollectionContext): Promise<Ledger> {
  const options = ctx.options as ExpensesOptions;
  const employees = new Employees(aliasesOf(ctx.collection.metadata, options.aliases));
  const lines: LedgerLine[] = [];
  const receipts: LedgerReceipt[] = [];
  for await (const { document, output } of ctx.documentOutputs("extract")) {
    const extracted = output as Extracted;
    if (extracted.role === "receipt") {
      const { receipt, sha256 } = extracted;
      receipts.push({
        ...receipt,
        id: document.id,
        name: document.name,
        sha256,
        employee: employees.nameOf(receipt.employee),
      });
      continue;
    }
    for (const line of extracted.lines) {
      lines.push({
        ...line,
        id: `${document.id}#${line.row}`,
        statement: document.name,
        employee: employees.nameOf(line.employee),
        category: categoryOf(line, options.categories),
      });
    }
  }
  return { lines, receipts };
}
