import { daysBetween } from "../dates.js";
import type { LedgerLine } from "../ledger.js";
import { plainWords } from "../names.js";

/** Money that went from one of the own accounts to another: no spending, and no income. */
export interface OwnTransfer {
  /** Ids of the lines. */
  readonly out: string;
  readonly in: string;
  readonly kind: "transfer" | "card settlement";
}

const WITHIN_DAYS = 5;
const TRANSFER =
  /\b(transfer|xfer|trf|umbuchung|ubertrag|ueberweisung|uberweisung|virement|bonifico|giroconto|traspaso|transferencia|overboeking|overforing|overforsel|przelew|sweep|own account|internal|savings|einzahlung|auszahlung)\b/;
const SETTLEMENT =
  /\b(card payment|credit card|kreditkarte\w*|kartenabrechnung|abrechnung|amex|american express|mastercard|visa|payment thank you|payment received|thank you|autopay|carte de credit|tarjeta|creditcard)\b/;

/**
 * Two lines of two accounts, one out and one in, of one amount and currency and few days apart: where one names the number
 * of the other's account, or both say that they are such a transfer; and where no other line fits either of them.
 */
export function ownTransfers(lines: readonly LedgerLine[]): OwnTransfer[] {
  const byAmount = new Map<string, LedgerLine[]>();
  for (const line of lines) {
    if (!line.amountMinor || !line.currency || !line.date || line.notCounted) continue;
    const key = `${Math.abs(line.amountMinor)} ${line.currency}`;
    byAmount.set(key, [...(byAmount.get(key) ?? []), line]);
  }
  return [...byAmount.values()].flatMap((alike) => {
    const pairs = alike
      .filter(({ amountMinor }) => amountMinor! > 0)
      .flatMap((out) =>
        alike.flatMap((back) => {
          const kind = back.amountMinor! < 0 ? kindOf(out, back) : null;
          return kind === null ? [] : [{ out: out.id, in: back.id, kind }];
        }),
      );
    const times = (id: string): number => pairs.filter((pair) => pair.out === id || pair.in === id).length;
    return pairs.filter((pair) => times(pair.out) === 1 && times(pair.in) === 1);
  });
}

function kindOf(out: LedgerLine, back: LedgerLine): OwnTransfer["kind"] | null {
  if (accountOf(out) === accountOf(back) || daysBetween(out.date!, back.date!) > WITHIN_DAYS) return null;
  const [gone, come] = [wordsOf(out), wordsOf(back)];
  const isSettlement = SETTLEMENT.test(gone) && SETTLEMENT.test(come);
  const isNamed = names(out, back) || names(back, out);
  if (isSettlement) return "card settlement";
  return isNamed || (TRANSFER.test(gone) && TRANSFER.test(come)) ? "transfer" : null;
}

/** An account without a number is that of its statement. */
function accountOf({ account, statement }: LedgerLine): string {
  return account ?? `of ${statement}`;
}

function wordsOf({ description, counterparty }: LedgerLine): string {
  return plainWords(`${description} ${counterparty ?? ""}`);
}

/** Whether a line's text has the last digits of the other's account. */
function names({ description, counterparty, reference }: LedgerLine, { account }: LedgerLine): boolean {
  const digits = account?.replace(/\D/g, "").slice(-6) ?? "";
  if (digits.length < 6) return false;
  return `${description} ${counterparty ?? ""} ${reference ?? ""}`.replace(/[ .-]/g, "").includes(digits);
}
