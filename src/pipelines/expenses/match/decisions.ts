import type { Ledger } from "../ledger.js";

/** A match made or refused by hand, by the ids of line and receipt, which stay the same over runs. */
export interface Decision {
  readonly line: string;
  readonly receipt: string;
  readonly match: boolean;
}

export interface HandMade {
  readonly matches: readonly {
    readonly line: string;
    readonly receipt: string;
    readonly score: number;
    readonly by: "hand";
  }[];
  /** Whether a pair may still be found by the matcher. */
  allows(line: string, receipt: string): boolean;
}

/** The decisions whose line and receipt are there; the first for a line or a receipt holds. */
export function decisionsIn({ lines, receipts }: Ledger, decisions: readonly Decision[]): HandMade {
  const [lineIds, receiptIds] = [new Set(lines.map(({ id }) => id)), new Set(receipts.map(({ id }) => id))];
  const refused = new Set(decisions.filter(({ match }) => !match).map(({ line, receipt }) => `${line} ${receipt}`));
  const [takenLines, takenReceipts] = [new Set<string>(), new Set<string>()];
  const matches = decisions.flatMap(({ line, receipt, match }) => {
    if (!match || !lineIds.has(line) || !receiptIds.has(receipt)) return [];
    if (takenLines.has(line) || takenReceipts.has(receipt)) return [];
    takenLines.add(line);
    takenReceipts.add(receipt);
    return [{ line, receipt, score: 1, by: "hand" as const }];
  });
  return {
    matches,
    allows: (line, receipt) =>
      !takenLines.has(line) && !takenReceipts.has(receipt) && !refused.has(`${line} ${receipt}`),
  };
}
