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
    const isTwice = (key: "line" | "receipt", sum: string): boolean => {
      const once = matches.filter(({ by }) => by !== sum).map((one) => one[key]);
      const parted = new Set(matches.filter(({ by }) => by === sum).map((one) => one[key]));
      return new Set(once).size !== once.length || once.some((id) => parted.has(id));
    };
    if (isTwice("line", "sum of receipts")) throw new Error("a line has two receipts that are no sum");
    if (isTwice("receipt", "sum of lines")) throw new Error("a receipt has two lines that are no sum");
    const [ownLines, ownReceipts] = (["line", "receipt"] as const).map(
      (key) => new Set(matches.map((one) => one[key])),
    );
    if (ownLines!.size > lines) throw new Error(`${ownLines!.size} matched lines of ${lines}`);
    if (ownReceipts!.size + unmatched.length !== receipts) {
      throw new Error(`${ownReceipts!.size} matched and ${unmatched.length} unmatched receipts are not ${receipts}`);
    }
  },
};
