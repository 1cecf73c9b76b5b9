import type { CollectionStageOf } from "../builder.js";
import type { SettledDocument } from "../pipeline.js";
import { safeCell } from "../safe-cell.js";
import type { BatchOutput } from "./extract.js";
import { minorDigits, toDecimal } from "../expenses/money.js";
import type { FieldValue, MoneyValue } from "./find-field.js";
import type { BatchOptions } from "./options.js";

/** One row per file, whatever became of it. */
export interface BatchRow {
  readonly file: string;
  readonly status: string;
  readonly mediaType: string | null;
  readonly characters: number | null;
  readonly words: number | null;
  /** A field that was not found is absent, and of a file that failed all are. */
  readonly fields: BatchOutput["fields"];
  /** Why each field that is absent was not found. */
  readonly missing: BatchOutput["missing"];
  readonly error: SettledDocument["error"];
}

/** In how many files a field was found; and of numbers their sum, least and most. */
export interface FieldTotal {
  readonly files: number;
  readonly sum?: number;
  readonly min?: number;
  readonly max?: number;
  /** Of money: the sum of each currency, "none" for amounts that name none. Two currencies are never added. */
  readonly sums?: Readonly<Record<string, number>>;
}

/** Becomes `summary.output`. */
export interface AggregateOutput {
  readonly files: number;
  readonly byStatus: Readonly<Record<string, number>>;
  readonly byType: Readonly<Record<string, number>>;
  readonly characters: number;
  readonly words: number;
  readonly fields: Readonly<Record<string, FieldTotal>>;
}

/** Counts and adds up, and writes batch.csv and batch.json with one row per file, failed ones included. */
export const aggregateStage: CollectionStageOf<BatchOptions, null, { extract: BatchOutput }, AggregateOutput> = {
  run: async (ctx) => {
    const outputs = new Map<string, BatchOutput>();
    for await (const { document, output } of ctx.documentOutputs("extract")) outputs.set(document.id, output);
    const rows: BatchRow[] = [];
    for await (const { id, name, status, mediaType, error } of ctx.documents()) {
      const { characters = null, words = null, fields = {}, missing = {} } = outputs.get(id) ?? {};
      rows.push({ file: name, status, mediaType, characters, words, fields, missing, error });
    }
    const { options } = ctx;
    await ctx.artifacts.write("batch.csv", await toCsv(rows, Object.keys(options.fields)), "text/csv");
    await ctx.artifacts.write("batch.json", JSON.stringify(rows, null, 1), "application/json");
    return aggregated(rows, options);
  },
  check: ({ files, byStatus }) => {
    const sum = Object.values(byStatus).reduce((all, count) => all + count, 0);
    if (sum !== files) throw new Error(`${sum} files by status are not ${files}`);
  },
};

async function toCsv(rows: readonly BatchRow[], names: readonly string[]): Promise<string> {
  const { stringify } = await import("csv-stringify/sync");
  const cells = rows.map((row) => {
    const { file, status, mediaType, characters, words, error } = row;
    const values = names.map((name) => valuesOf(row, name).map(written).join(" | "));
    const why = error ? [error.stage, error.code, error.message] : ["", "", ""];
    const all = [file, status, mediaType ?? "", characters ?? "", words ?? "", ...values, ...why];
    return all.map((cell) => safeCell(String(cell)));
  });
  const head = ["file", "status", "type", "characters", "words", ...names, "failed at", "error", "what to do"];
  return stringify([head, ...cells], { bom: true });
}

function aggregated(rows: readonly BatchRow[], { fields }: BatchOptions): AggregateOutput {
  const total = (numbers: readonly (number | null)[]): number =>
    numbers.reduce<number>((sum, one) => sum + (one ?? 0), 0);
  return {
    files: rows.length,
    byStatus: counted(rows.map(({ status }) => status)),
    byType: counted(rows.map(({ mediaType }) => mediaType ?? "unknown")),
    characters: total(rows.map(({ characters }) => characters)),
    words: total(rows.map(({ words }) => words)),
    fields: Object.fromEntries(Object.keys(fields).map((name) => [name, fieldTotal(rows, name)])),
  };
}

function counted(keys: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const key of keys) counts[key] = (counts[key] ?? 0) + 1;
  return counts;
}

/** Of a file's own fields only: one may be named "constructor", which every object has. */
function valuesOf({ fields }: BatchRow, name: string): readonly FieldValue[] {
  return Object.hasOwn(fields, name) ? fields[name]! : [];
}

/** Money as "12.50 EUR". */
function written(value: FieldValue): string {
  if (typeof value !== "object") return String(value);
  const amount = toDecimal(Math.round(value.amount * 10 ** minorDigits(value.currency)), value.currency);
  return value.currency === null ? amount : `${amount} ${value.currency}`;
}

function fieldTotal(rows: readonly BatchRow[], name: string): FieldTotal {
  const found = rows.map((row) => valuesOf(row, name)).filter((values) => values.length > 0);
  const money = found.flat().filter((value) => typeof value === "object");
  if (money.length > 0) return { files: found.length, sums: sumsOf(money) };
  const numbers = found.flat().filter((value) => typeof value === "number");
  if (numbers.length === 0) return { files: found.length };
  // Six decimals hide what adding binary fractions leaves behind.
  const sum = Number(numbers.reduce((all, number) => all + number, 0).toFixed(6));
  const [min, max] = [numbers.reduce((a, b) => Math.min(a, b)), numbers.reduce((a, b) => Math.max(a, b))];
  return { files: found.length, sum, min, max };
}

/** Added up in minor units, so that no fraction of a cent is left over. */
function sumsOf(money: readonly MoneyValue[]): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const { amount, currency } of money) {
    const unit = 10 ** minorDigits(currency);
    const key = currency ?? "none";
    sums[key] = (Math.round((sums[key] ?? 0) * unit) + Math.round(amount * unit)) / unit;
  }
  return sums;
}
