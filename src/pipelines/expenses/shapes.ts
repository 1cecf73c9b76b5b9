/** What a line may lack: it is kept, and says so. */
export type Missing = "date" | "amount" | "currency" | "employee" | "description" | "merchant";

/**
 * What is uncertain of a line, a receipt or a whole file. Whatever carries one asks to be looked at; the reason stands in
 * the statement's evidence.
 */
export type FlagCode =
  | "SIGN_UNCERTAIN"
  | "AMOUNT_UNCERTAIN"
  | "AMOUNT_ROUNDED"
  | "DATE_ORDER_UNCERTAIN"
  | "DATE_UNCERTAIN"
  | "CURRENCY_ASSUMED"
  | "CURRENCY_UNCERTAIN"
  | "BALANCE_DISAGREES"
  | "SUM_DISAGREES"
  | "ROWS_NOT_READ"
  | "STATUS_UNKNOWN"
  | "FEE_ADDED"
  | "NOT_COUNTED"
  | "TOTAL_UNCERTAIN"
  | "INVOICE_DISAGREES";

/** One transaction of a statement. Amounts are whole minor units of their currency; what is credited is negative. */
export interface StatementLine {
  /** Where it stands among the document's lines, from 1. */
  readonly row: number;
  /** ISO, such as "2026-03-14". */
  readonly date: string | null;
  readonly description: string;
  /** With its fee, where a fee stands in a column of its own and comes on top. */
  readonly amountMinor: number | null;
  /** ISO 4217. */
  readonly currency: string | null;
  /** As written in the statement; aliases are resolved where all documents are known. */
  readonly employee: string | null;
  readonly category?: string;
  /** The bank's own name for the transaction. */
  readonly reference?: string;
  /** The other side, where it has a column beside the description. */
  readonly counterparty?: string;
  /** Number or name of the account that the line is of, where the statement tells it. */
  readonly account?: string;
  /** The bank's word for a transaction that did not happen or is not settled: "PENDING". Such a line is in no total. */
  readonly notCounted?: string;
  readonly feeMinor?: number;
  /** What was paid abroad, where the statement tells it. */
  readonly originalAmountMinor?: number;
  readonly originalCurrency?: string;
  readonly incomplete: readonly Missing[];
  readonly flags: readonly FlagCode[];
}

/** How well something read is known: arithmetic shows it, evidence speaks for it, or it is a rule of thumb. */
export type Certainty = "proven" | "supported" | "assumed";

/** Why a statement was read as it was. */
export interface Evidence {
  readonly of: "amount" | "sign" | "dates" | "currency" | "balance" | "rows" | "fees";
  readonly certainty: Certainty;
  readonly reason: string;
  readonly flag?: FlagCode;
}

/** What one account of a statement adds up to, in minor units; credits are negative in `sumMinor`. */
export interface AccountSummary {
  readonly account: string | null;
  readonly currency: string | null;
  readonly openingMinor: number | null;
  readonly closingMinor: number | null;
  readonly sumMinor: number;
  readonly lines: number;
  readonly from: string | null;
  readonly to: string | null;
  /** Opening balance less the lines less the closing balance; null where one of the balances is not known. */
  readonly differenceMinor: number | null;
}

/** A row with a date or an amount that is no line, no balance and no sum. */
export interface NotRead {
  /** The row's number in the file, from 1. */
  readonly row: number;
  readonly sheet?: string;
  readonly text: string;
}

/** How a table's columns were read, in the form that the option `statements` takes. */
export interface StatementMapping {
  readonly match: { readonly headings?: readonly string[]; readonly name?: string };
  /** A role with the heading of its column, or the column's number from 1; several are read together. */
  readonly columns: Readonly<Record<string, string | number | readonly (string | number)[]>>;
  /** What stands for money that went out in the column `amount`. */
  readonly sign?: "charges negative" | "charges positive";
  readonly dateOrder?: "dmy" | "mdy";
  readonly currency?: string;
}

/** What was read of a statement beside its lines. */
export interface StatementFacts {
  readonly format: string;
  readonly accounts: readonly AccountSummary[];
  readonly evidence: readonly Evidence[];
  readonly notRead: readonly NotRead[];
  readonly mapping: StatementMapping | null;
}

export interface Receipt {
  readonly merchant: string | null;
  /** Other names that may be the seller's: of companies and web sites on the page, of whom a payment went to. */
  readonly otherNames?: readonly string[];
  readonly date: string | null;
  /** The other reading of a date such as 03/04/2026, which one receipt alone can't decide. */
  readonly otherDate?: string;
  readonly amountMinor: number | null;
  /** What was still to be paid, where that is another sum: something was paid before, or the sum was rounded. */
  readonly dueMinor?: number;
  readonly currency: string | null;
  readonly employee: string | null;
  /** Its number, where it has one: two receipts with different numbers are no duplicates. */
  readonly reference?: string;
  /** Tax by rate, in minor units, where the receipt shows it. */
  readonly taxes?: readonly TaxPart[];
  /** The seller's tax number. */
  readonly taxNumber?: string;
  readonly buyer?: string;
  /** Where total, date and currency come from. */
  readonly source?: "e-invoice" | "order data" | "text" | "picture";
  readonly incomplete: readonly Missing[];
  readonly flags: readonly FlagCode[];
}

export interface TaxPart {
  /** In percent; null where only a sum is shown. */
  readonly rate: number | null;
  readonly netMinor: number | null;
  readonly taxMinor: number;
}

/** What the extract stage hands on. */
export type Extracted =
  | {
      readonly role: "statement";
      readonly sha256: string | null;
      readonly lines: readonly StatementLine[];
      readonly facts: StatementFacts;
    }
  | { readonly role: "receipt"; readonly sha256: string | null; readonly receipt: Receipt };

/** A piece of text with its place: a column's number in a table, points from the left on a page. */
export interface Cell {
  readonly text: string;
  readonly left: number;
  readonly right: number;
}

/** One line of a table or a page; cells are never empty and go from left to right. */
export interface Row {
  readonly cells: readonly Cell[];
  /** Points to the row above on the same page; null where rows have no height or the page begins. */
  readonly gap: number | null;
  /** Its number in the file or sheet, from 1; on pages counted through. */
  readonly at: number;
  readonly sheet?: string;
}

export function rowText(row: Row): string {
  return row.cells.map(({ text }) => text).join("  ");
}
