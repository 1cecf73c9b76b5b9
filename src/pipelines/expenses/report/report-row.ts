/** One row of report.csv, and of the workbook's sheets; columns that a kind of row has no use for are empty. */
export interface ReportRow {
  readonly record:
    | "line"
    | "receipt"
    | "total"
    | "employee total"
    | "category total"
    | "statement total"
    | "reporting total"
    | "reporting employee total"
    | "reporting category total"
    | "reporting statement total"
    | "reporting rate";
  /** The statement's or receipt's file name. */
  readonly document: string;
  readonly row: number | null;
  readonly date: string;
  readonly description: string;
  readonly employee: string;
  readonly category: string;
  readonly currency: string;
  /** In the currency's major unit, with its decimals: "-12.50". */
  readonly amount: string;
  readonly status: string;
  /** The other side of a match, or of what comes near one. */
  readonly counterpart: string;
  readonly score: number | null;
  readonly flags: string;
  /** Why it is alone, and what comes nearest. */
  readonly nearest: string;
}

/** The columns of a report's row that has no use for them. */
export const EMPTY_ROW = {
  document: "",
  row: null,
  date: "",
  description: "",
  employee: "",
  category: "",
  currency: "",
  amount: "",
  status: "",
  counterpart: "",
  score: null,
  flags: "",
  nearest: "",
} as const;
