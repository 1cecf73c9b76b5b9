import { z } from "zod";
import { currencyOf } from "./money.js";

const Currency = z
  .string()
  .transform((code) => currencyOf(code) ?? code)
  .refine((code) => currencyOf(code) === code, "must be a currency of ISO 4217, such as EUR");
const Aliases = z.record(z.string().min(1).max(200), z.array(z.string().min(1).max(200)).max(100));

const ROLES = [
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
] as const;
const Column = z.union([z.string().min(1).max(200), z.number().int().min(1).max(200)]);
const Where = z.union([Column, z.array(Column).min(1).max(20)]);
const Mapping = z
  .strictObject({
    match: z
      .strictObject({
        headings: z
          .array(z.string().min(1).max(200))
          .min(1)
          .max(200)
          .optional()
          .describe("Headings that the table must all have. Default: any."),
        name: z.string().min(1).max(200).optional().describe("Part of the file name. Default: any."),
      })
      .describe("Tables that the mapping applies to; all tables if empty."),
    columns: z
      .partialRecord(z.enum(ROLES), Where)
      .refine(({ date, posted }) => date !== undefined || posted !== undefined, "must name the column of dates")
      .refine(
        ({ amount, debit, credit }) => amount !== undefined || debit !== undefined || credit !== undefined,
        "must name amount, debit or credit",
      )
      .describe(
        "Heading of each role's column, or its number from 1; a list combines several columns. It names date or posted, and amount, debit or credit.",
      ),
    sign: z
      .enum(["charges negative", "charges positive"])
      .optional()
      .describe("Sign of outgoing money in the amount column. Default: inferred."),
    dateOrder: z
      .enum(["dmy", "mdy"])
      .optional()
      .describe("Whether day or month comes first in 03/04/2026. Default: the option dateOrder."),
    currency: Currency.optional().describe("Currency (ISO 4217) of lines without a currency. Default: inferred."),
  })
  .describe("How to read a bank's table. Copy the inferred mapping from the report and correct it.");
const Mappings = z.array(Mapping).max(100);

const Decisions = z
  .array(
    z.strictObject({
      line: z.string().min(3).max(200).describe("ID of a line: the document ID, # and the row, as in ledger.csv."),
      receipt: z.string().min(1).max(200).describe("ID of the receipt's document."),
      match: z.boolean().describe("Whether the line and the receipt belong together."),
    }),
  )
  .max(20_000);

export const Options = z.strictObject({
  aliases: Aliases.default({}).describe(
    'Names of employees, each with the names that statements use: { "Jane Doe": ["DOE J", "4410"] }. Added to those in the collection\'s metadata.aliases; these win.',
  ),
  defaultCurrency: Currency.optional().describe(
    "Currency (ISO 4217, such as EUR) of documents without a currency. Default: none.",
  ),
  defaultEmployee: z
    .string()
    .min(1)
    .max(200)
    .optional()
    .describe("Employee of lines without an employee. Default: none."),
  dateOrder: z
    .enum(["auto", "dmy", "mdy"])
    .default("auto")
    .describe("Whether day or month comes first in 03/04/2026; auto decides from all dates of a statement."),
  statements: Mappings.default([]).describe(
    "Mappings for bank tables that are inferred wrongly. A file can also have its own in metadata.statements. Default: none.",
  ),
  decisions: Decisions.default([]).describe(
    "Matches confirmed or rejected by hand, applied in every run, in addition to those in the collection's metadata.decisions.",
  ),
  windowDays: z
    .number()
    .int()
    .min(0)
    .max(60)
    .default(7)
    .describe("Maximum number of days between a receipt and its transaction."),
  exchangeRates: z
    .record(z.string().regex(/^[A-Z]{3}\/[A-Z]{3}$/, "must be a pair such as EUR/USD"), z.number().positive())
    .default({})
    .describe('Price of one unit of the first currency in the second: { "EUR/USD": 1.08 }.'),
  reportCurrency: Currency.optional().describe(
    "Currency (ISO 4217) in which all sums are given as well. Rates come from exchangeRates, or from lines with an original amount. Lines without a known rate are left out of these sums and listed. Default: none.",
  ),
  categories: z
    .record(z.string().min(1).max(100), z.array(z.string().min(1).max(100)).max(500))
    .default({})
    .describe("Categories, each with keywords of merchants, for lines without a category in the statement."),
});
export type ExpensesOptions = z.output<typeof Options>;
/** What a collection's own metadata may say of its employees; anything else there is nobody's business here. */
export const CollectionAliases = Aliases;

/** The mappings that a document brings in its own metadata; anything else there is nobody's business here. */
export function statementsOf(metadata: Readonly<Record<string, unknown>>): z.output<typeof Mappings> {
  return Mappings.safeParse(metadata.statements).data ?? [];
}

/** The decisions that a collection's metadata brings. */
export function decisionsOf(metadata: Readonly<Record<string, unknown>>): z.output<typeof Decisions> {
  return Decisions.safeParse(metadata.decisions).data ?? [];
}
