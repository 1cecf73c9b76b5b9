import { Options } from "../../../src/pipelines/expenses/options.js";
import { detectExpense } from "../../../src/pipelines/expenses/read/media-types.js";
import { readDocument, type ReadDocument } from "../../../src/pipelines/expenses/read/read-document.js";
import type { Receipt, StatementLine } from "../../../src/pipelines/expenses/shapes.js";

/** Reads bytes as the pipeline does, with these options of a job. */
export async function readFile(
  name: string,
  content: string | Uint8Array,
  options: Readonly<Record<string, unknown>> = {},
): Promise<ReadDocument> {
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  const { defaultCurrency, defaultEmployee, dateOrder, statements } = Options.parse(options);
  const mediaType = await detectExpense(bytes, name);
  return readDocument(
    { bytes, mediaType, name, role: null },
    { currency: defaultCurrency ?? null, employee: defaultEmployee ?? null, dateOrder, statements },
  );
}

export async function readStatement(...[name, ...rest]: Parameters<typeof readFile>) {
  const found = await readFile(name, ...rest);
  if (found.role !== "statement") throw new Error(`${name} was read as a receipt`);
  return found;
}

export async function readReceipt(...[name, ...rest]: Parameters<typeof readFile>): Promise<Receipt> {
  const found = await readFile(name, ...rest);
  if (found.role !== "receipt") throw new Error(`${name} was read as a statement`);
  return found.receipt;
}

/** Date, amount, currency and text of each line. */
export function tuples(lines: readonly StatementLine[]): (string | number | null)[][] {
  return lines.map(({ date, amountMinor, currency, description }) => [date, amountMinor, currency, description]);
}
