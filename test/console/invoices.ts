import { z } from "zod";
import { PermanentError } from "../../src/index.js";
import { definePipeline } from "../../src/pipelines/pipeline.js";

/** Reads the total out of each invoice, one after the other, and adds them up. It has all that the console shows. */
export const invoices = definePipeline({
  name: "invoices",
  version: 3,
  description: "Adds up the totals of invoices.",
  options: z.strictObject({
    currency: z.enum(["EUR", "USD"]).default("EUR").describe("Currency of the totals."),
    round: z.boolean().default(false).describe("Whether cents are left out."),
    most: z.number().int().min(1).max(1_000).default(500).describe("The largest total that is taken."),
    vendors: z.array(z.string()).default([]).describe("Only of these."),
    rates: z.record(z.string(), z.number().positive()).default({}).describe("What one unit costs."),
  }),
  documentStages: [
    {
      name: "read",
      run: async (ctx) => {
        const text = await ctx.document.text();
        ctx.logger.info({ characters: text.length }, `Has read ${ctx.document.name}`);
        ctx.setMetadata({ lines: text.split("\n").length });
        await ctx.setText(text);
        const cut = text.indexOf("\n\n") + 2;
        await ctx.chunks.replace([
          { ordinal: 0, text: text.slice(0, cut), startOffset: 0, endOffset: cut, page: 1, headings: ["Invoice"] },
          {
            ordinal: 1,
            text: text.slice(cut),
            startOffset: cut,
            endOffset: text.length,
            page: 1,
            pageEnd: 2,
            headings: ["Invoice", "Amounts"],
            kind: "TABLE",
          },
        ]);
        if (text.includes("smudged")) ctx.warn("SMUDGED", "A corner can't be read.", { pages: [2] });
        return { text, seen: { by: ["eye", "glass"] } };
      },
    },
    {
      name: "total",
      run: async (ctx) => {
        const { text } = ctx.input as { text: string };
        const [, total] = /total (\d+)/.exec(text) ?? [];
        if (total === undefined) {
          ctx.logger.error({ looked: "everywhere" }, "There is no total in it");
          throw new PermanentError(
            "NO_TOTAL",
            `${ctx.document.name} names no total: write a line such as "total 100".`,
          );
        }
        return { total: Number(total), currency: ctx.options.currency };
      },
    },
  ],
  collectionStages: [
    {
      name: "sum",
      run: async (ctx) => {
        let sum = 0;
        const named: { documentId: string; mentions: number }[] = [];
        for await (const { document, output } of ctx.documentOutputs("total")) {
          sum += (output as { total: number }).total;
          named.push({ documentId: document.id, mentions: 1 });
        }
        const common = { mentions: named.length, documentCount: named.length, documents: named.slice(0, 5) };
        await ctx.entities.replace([
          { name: "Ada Lovelace", type: "PERSON", ...common, related: [{ name: "Acme", together: 4 }] },
          { name: "Acme", type: "ORGANIZATION", ...common, related: [{ name: "Ada Lovelace", together: 4 }] },
          { name: "London", type: "PLACE", ...common, mentions: 1, related: [] },
        ]);
        await ctx.artifacts.write("sum.csv", `sum,${sum},${ctx.options.currency}\n`, "text/csv");
        return { sum };
      },
    },
  ],
});

/** The text of an invoice; without a total it fails. */
export function invoice(total: number | null, more = ""): string {
  return `Ada Lovelace of Acme bought wheels.\n\n${total === null ? "The amount is illegible." : `total ${total}`}\n${more}`;
}
