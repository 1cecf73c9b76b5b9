import { z } from "zod";
import { patternFault } from "./pattern.js";

const MAX_FIELDS = 50;
const Name = z
  .string()
  .regex(/^[A-Za-z][A-Za-z0-9_ -]{0,59}$/, "must begin with a letter and hold letters, digits, blanks, _ and - alone");
const Label = z.string().trim().min(1).max(100);
const Field = z
  .strictObject({
    pattern: z
      .string()
      .min(1)
      .max(500)
      .superRefine((pattern, check) => {
        const fault = patternFault(pattern);
        if (fault !== null) check.addIssue(fault);
      })
      .optional()
      .describe(
        "Regular expression (RE2). The value is its first group, or the whole match. A field has either a pattern or labels. Default: none.",
      ),
    ignoreCase: z.boolean().default(false).describe("Whether the pattern ignores case."),
    label: z
      .union([Label, z.array(Label).max(20)])
      .optional()
      .transform((label) => (label === undefined ? [] : typeof label === "string" ? [label] : label))
      .describe(
        'Text before the value on its line, such as "Invoice number". Of several labels, the first with a value of the type beside it counts. Default: none.',
      ),
    type: z
      .enum(["text", "number", "date", "money"])
      .default("text")
      .describe("Type of the value. Numbers are summed, money is summed by currency, dates are written as ISO 8601."),
    position: z
      .enum(["first", "last", "largest"])
      .default("first")
      .describe("Value to use if there are several. The largest date is the latest."),
    dateOrder: z.enum(["dmy", "mdy"]).default("dmy").describe("Whether day or month comes first in 03/04/2026."),
    required: z.boolean().default(false).describe("Whether a file without the field fails."),
    all: z.boolean().default(false).describe("Whether to use every match instead of the first."),
  })
  .refine(({ pattern, label }) => pattern !== undefined || label.length > 0, "needs a pattern or a label")
  .refine(({ pattern, label }) => pattern === undefined || label.length === 0, "takes a pattern or a label, not both");

export const Options = z.strictObject({
  fields: z
    .record(Name, Field)
    .default({})
    .refine((fields) => Object.keys(fields).length <= MAX_FIELDS, `at most ${MAX_FIELDS} fields`)
    .describe(
      `Fields to extract from the text of each file, by name; at most ${MAX_FIELDS}. A name begins with a letter and has up to 60 letters, digits, blanks, _ and -. Default: none.`,
    ),
  ocr: z.boolean().default(true).describe("Whether to read text in images (OCR)."),
});
export type BatchOptions = z.output<typeof Options>;
export type FieldOptions = z.output<typeof Field>;
