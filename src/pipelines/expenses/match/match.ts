import type { CollectionStageOf } from "../../builder.js";
import type { ExpensesOutputs } from "../ledger.js";
import type { MatchOutput } from "./match-ledger.js";
import { decisionsOf, type ExpensesOptions } from "../options.js";

/** In a child process: thousands of names are compared, which must not hold up the worker's heart. */
export const matchStage: CollectionStageOf<ExpensesOptions, null, ExpensesOutputs, MatchOutput> = {
  isolate: true,
  memoryLimitMiB: 1_024,
  timeoutMs: 120_000,
  run: async (ctx) => {
    const [{ readLedger }, { matchLedger }] = await Promise.all([import("../ledger.js"), import("./match-ledger.js")]);
    const { options } = ctx;
    const decisions = [...options.decisions, ...decisionsOf(ctx.collection.metadata)];
    return matchLedger(await readLedger(ctx), { ...options, decisions });
  },
  check: ({ lines, receipts, matches, unmatched }) => {
    if (new Set(matches.map(({ line }) => line)).size !== matches.length) throw new Error("a line has two receipts");
    if (new Set(matches.map(({ receipt }) => receipt)).size !== matches.length)
      throw new Error("a receipt has two lines");
    if (matches.length > lines) throw new Error(`${matches.length} matches for ${lines} lines`);
    if (matches.length + unmatched.length !== receipts) {
      throw new Error(`${matches.length} matched and ${unmatched.length} unmatched receipts are not ${receipts}`);
    }
  },
};
