import { PermanentError } from "../../../errors.js";
import type { DocumentStageOf } from "../../builder.js";
import { statementsOf, type ExpensesOptions } from "../options.js";
import type { DocumentBytes } from "./read-document.js";
import type { Extracted } from "../shapes.js";
import type { Validated } from "./validate.js";

/** A stage's output has at most 1 MB: some 5,000 lines. */
const MAX_OUTPUT_CHARS = 900_000;

/** Reads statements into lines and receipts into who, when and how much. Runs in a child process: the input is untrusted. */
export const extractStage: DocumentStageOf<ExpensesOptions, Validated, Extracted> = {
  isolate: true,
  memoryLimitMiB: 1_024,
  timeoutMs: 120_000,
  run: async (ctx) => {
    const { readDocument } = await import("./read-document.js");
    const { name, mediaType, metadata, sha256 } = ctx.document;
    const { options } = ctx;
    const source: DocumentBytes = {
      bytes: await ctx.document.bytes(),
      mediaType: mediaType ?? "application/octet-stream",
      name,
      role: metadata.role === "statement" || metadata.role === "receipt" ? metadata.role : null,
    };
    const found = await readDocument(source, {
      currency: options.defaultCurrency ?? null,
      employee: typeof metadata.employee === "string" ? metadata.employee : (options.defaultEmployee ?? null),
      dateOrder: options.dateOrder,
      statements: [...options.statements, ...statementsOf(ctx.document.metadata)],
    });
    await ctx.setText(found.text);
    ctx.setMetadata({ kind: found.role });
    if (found.role === "receipt") return { role: "receipt", sha256, receipt: found.receipt };
    for (const { flag, reason } of found.facts.evidence) if (flag) ctx.warn(flag, `${name}: ${reason}.`);
    const incomplete = found.lines.filter((line) => line.incomplete.length > 0);
    if (incomplete.length > 0) {
      const lacking = [...new Set(incomplete.flatMap((line) => line.incomplete))].join(", ");
      ctx.warn("INCOMPLETE_LINES", `${name}: ${incomplete.length} of ${found.lines.length} lines lack ${lacking}.`);
    }
    const output: Extracted = { role: "statement", sha256, lines: found.lines, facts: found.facts };
    if (JSON.stringify(output).length > MAX_OUTPUT_CHARS) {
      throw new PermanentError("RESOURCE_LIMIT", `${name} has ${found.lines.length} lines; split it by month or year.`);
    }
    return output;
  },
  check: (output) => {
    if (output.role === "receipt") return;
    for (const { row, date, amountMinor, incomplete } of output.lines) {
      if ((date === null) !== incomplete.includes("date") || (amountMinor === null) !== incomplete.includes("amount")) {
        throw new Error(`line ${row} lacks something without saying so`);
      }
      if (amountMinor !== null && !Number.isSafeInteger(amountMinor))
        throw new Error(`line ${row} has no whole amount`);
    }
  },
};
