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
/** What is said of one's own accounts alone: a transfer goes to strangers as well. */
const OWN =
  /\b(own (?:account|transfer|funds)|(?:between|to|from) (?:my|own) (?:accounts?|funds)|internal (?:transfer|xfer|trf)|(?:transfer|xfer|trf) internal|intra ?account|umbuchung|giroconto|traspaso|sweep|(?:virement|overboeking|bonifico) intern[eao]?|egen overforing|overforing (?:egen|mellan egna|mellom egne))\b/;
const CARD =
  "(?:amex|american express|master ?card|visa|credit ?card|kreditkarten?|carte de credit|tarjeta(?: de credito)?)";
const PAYMENT =
  "(?:payment|pymt|pmt|autopay|settlement|bill|abrechnung|ausgleich|zahlung|paiement|reglement|pago|liquidacion)";
/** A card's name and, beside it, that it is paid; "card payment to" a shop is none. */
const SETTLES = new RegExp(
  `\\b(?:${CARD} ?(?:card )?${PAYMENT}(?! (?:to|at|an|bei)\\b)|${PAYMENT} (?:(?:to|of|for|de|der|your) )*${CARD}|kartenabrechnung)\\b`,
);
const SETTLED =
  /\b(payment received|payment thank you|thank you for your payment|autopay|card payment|kreditkartenabrechnung|kartenabrechnung|ausgleich|zahlung erhalten|paiement recu|pago recibido)\b/;

/**
 * Two lines of two known accounts of nobody else, one out and one in, of one amount and currency and few days apart: where
 * one names the number of the other's account, or both say that they are such a transfer; and where no other line fits
 * either of them.
 */
export function ownTransfers(lines: readonly LedgerLine[]): OwnTransfer[] {
  const byAmount = new Map<string, { readonly outs: Side[]; readonly ins: Side[] }>();
  for (const line of lines) {
    if (!line.amountMinor || !line.currency || !line.date || !line.account || line.notCounted) continue;
    const key = `${Math.abs(line.amountMinor)} ${line.currency}`;
    const alike = byAmount.get(key) ?? { outs: [], ins: [] };
    byAmount.set(key, alike);
    (line.amountMinor > 0 ? alike.outs : alike.ins).push(sideOf(line, line.account));
  }
  return [...byAmount.values()].flatMap(({ outs, ins }) => {
    const pairs: OwnTransfer[] = [];
    const times = new Map<string, number>();
    for (const out of outs) {
      for (const back of ins) {
        const kind = kindOf(out, back);
        if (kind === null) continue;
        pairs.push({ out: out.line.id, in: back.line.id, kind });
        for (const { line } of [out, back]) times.set(line.id, (times.get(line.id) ?? 0) + 1);
      }
    }
    return pairs.filter((pair) => times.get(pair.out) === 1 && times.get(pair.in) === 1);
  });
}

interface Side {
  readonly line: LedgerLine;
  readonly account: string;
  /** The last digits of the account; empty where it has fewer. */
  readonly digits: string;
  /** All that the line says, without what parts digits. */
  readonly joined: string;
  readonly isOwn: boolean;
  /** Whether it says that a card is settled, as the side does that it is. */
  readonly isSettlement: boolean;
}

function sideOf(line: LedgerLine, account: string): Side {
  const { description, counterparty, reference } = line;
  const words = plainWords(`${description} ${counterparty ?? ""}`);
  const digits = account.replace(/\D/g, "").slice(-6);
  return {
    line,
    account,
    digits: digits.length < 6 ? "" : digits,
    joined: `${description} ${counterparty ?? ""} ${reference ?? ""}`.replace(/[ .-]/g, ""),
    isOwn: OWN.test(words),
    isSettlement: (line.amountMinor! > 0 ? SETTLES : SETTLED).test(words),
  };
}

function kindOf(out: Side, back: Side): OwnTransfer["kind"] | null {
  if (out.account === back.account) return null;
  const isSettlement = out.isSettlement && back.isSettlement;
  if (!isSettlement && !(out.isOwn && back.isOwn) && !names(out, back) && !names(back, out)) return null;
  const [from, to] = [out.line.employee, back.line.employee];
  if ((from && to && from !== to) || daysBetween(out.line.date!, back.line.date!) > WITHIN_DAYS) return null;
  return isSettlement ? "card settlement" : "transfer";
}

/** Whether a line's text has the last digits of the other's account. */
function names({ joined }: Side, { digits }: Side): boolean {
  return digits !== "" && joined.includes(digits);
}
