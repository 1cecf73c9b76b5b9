/** A cell of a sheet: text, a number, a day, or an amount with its currency's decimals. */
export type SheetCell = string | number | null | { readonly day: string } | { readonly amount: string };

export interface SheetColumn {
  readonly title: string;
  /** In characters. */
  readonly width: number;
  /** Whether its texts go on in further lines of their cell. */
  readonly isLong?: true;
}

export interface SheetTable {
  readonly name: string;
  readonly columns: readonly SheetColumn[];
  readonly rows: readonly (readonly SheetCell[])[];
}
