import type { CollectionContextOf } from "../builder.js";
import { aliasesOf, Employees } from "./employees.js";
import { categoryOf } from "./categories.js";
import type { ExpensesOptions } from "./options.js";
import type { Extracted, Receipt, StatementFacts, StatementLine } from "./shapes.js";

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

/** A statement with what is known of it beside its lines. */
export interface LedgerStatement {
  readonly id: string;
  readonly name: string;
  readonly facts: StatementFacts;
}

/** A document that no lines and no receipt came of. */
export interface FailedDocument {
  readonly name: string;
  readonly stage: string;
  readonly code: string;
  readonly message: string;
}

/** The ledger with all that a report tells of its documents. */
export interface Session extends Ledger {
  readonly statements: readonly LedgerStatement[];
  readonly failed: readonly FailedDocument[];
}

/** What the documents' stages leave behind, by name. */
export interface ExpensesOutputs {
  readonly extract: Extracted;
}
type LedgerContext = CollectionContextOf<ExpensesOptions, unknown, ExpensesOutputs>;

/** Above this the stages' outputs outgrow what is kept of a stage. */
export const MAX_LINES = 20_000;

/** The ledger of the collection: the documents that failed are absent. */
export async function readLedger(ctx: LedgerContext): Promise<Session> {
  const { options } = ctx;
  const employees = new Employees(aliasesOf(ctx.collection.metadata, options.aliases));
  const lines: LedgerLine[] = [];
  const receipts: LedgerReceipt[] = [];
  const statements: LedgerStatement[] = [];
  const failed: FailedDocument[] = [];
  for await (const { name, status, error } of ctx.documents()) {
    if (status === "FAILED" && error) failed.push({ name, ...error });
  }
  for await (const { document, output: extracted } of ctx.documentOutputs("extract")) {
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
    statements.push({ id: document.id, name: document.name, facts: extracted.facts });
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
  return { lines, receipts, statements, failed };
}
