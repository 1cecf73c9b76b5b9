import { decodeText } from "../../../decode-text.js";
import { readDate, toIso } from "../../dates.js";
import { currencyOf, isRounded, minorDigits, readAmount, toMinor } from "../../money.js";
import type { Evidence } from "../../shapes.js";
import { said, structured, type StructuredAccount, type StructuredLine } from "./structured.js";

const MAX_TRANSACTIONS = 100_000;
const ENTITIES: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'", nbsp: " " };

interface OpenAccount {
  account: string | null;
  currency: string | null;
  closing: string | null;
  readonly lines: StructuredLine[];
}

/**
 * The transactions of an OFX file of either kind: SGML, whose values have no end tags and may be absent, or XML, whatever
 * stands before the first tag. The readers on npm refuse a file over one empty value, which banks do write; hence this
 * one, that knows only what a statement needs. @throws {Error} when it is no OFX or is cut off
 */
export function readOfx(
  bytes: Uint8Array,
  defaults: { readonly currency: string | null; readonly employee: string | null },
) {
  const { text } = decodeText(bytes);
  const start = text.search(/<OFX>/i);
  if (start < 0) throw new Error("it has no <OFX>");
  const accounts: OpenAccount[] = [];
  let open: Map<string, string> | null = null;
  let count = 0;
  const current = (): OpenAccount => {
    if (accounts.length === 0) accounts.push({ account: null, currency: defaults.currency, closing: null, lines: [] });
    return accounts.at(-1)!;
  };
  let isLedger = false;
  const plainText = text
    .slice(start)
    .replace(/<!\[CDATA\[([\s\S]*?)\]\]>/g, (_, inside: string) => inside.replace(/&/g, "&amp;").replace(/</g, "&lt;"));
  for (const [, end, name, value] of plainText.matchAll(/<(\/?)([A-Za-z0-9_.]+)[^<>]{0,200}>([^<]*)/g)) {
    const tag = name!.toUpperCase();
    const plain = unescape(value!).trim();
    if (tag === "STMTTRN") {
      if (end && open) current().lines.push(toLine(open, current().currency));
      else if (!end && open) throw new Error("a transaction is cut off");
      open = end ? null : new Map();
      count += end ? 1 : 0;
      if (count > MAX_TRANSACTIONS) throw new Error(`it has more than ${MAX_TRANSACTIONS} transactions`);
    } else if (tag === "LEDGERBAL") isLedger = !end;
    else if (end) continue;
    else if (open) {
      // The first of a name counts: a payee's own name comes behind the transaction's.
      if (plain !== "" && !open.has(tag)) open.set(tag, plain);
      else if (plain === "" && (tag === "CURRENCY" || tag === "ORIGCURRENCY")) open.set(tag, "yes");
    } else if (/^(STMTRS|CCSTMTRS|INVSTMTRS)$/.test(tag))
      accounts.push({ account: null, currency: defaults.currency, closing: null, lines: [] });
    else if (tag === "CURDEF") current().currency = currencyOf(plain) ?? current().currency;
    else if (tag === "ACCTID" && current().account === null) current().account = plain || null;
    else if (tag === "BALAMT" && isLedger) current().closing = plain;
  }
  if (open || !/<\/OFX>/i.test(text)) throw new Error("it is cut off");
  const all = accounts.map(({ account, currency, closing, lines }): StructuredAccount => {
    const closingMinor = closing === null ? null : (moneyOf(closing, currency)?.minor ?? null);
    return { account, currency, openingMinor: null, closingMinor, lines };
  });
  const bought = [...plainText.matchAll(/<INVTRAN>[\s\S]{0,300}?<DTTRADE>([^<\s]+)/gi)];
  const trades = bought.map(([, day], at) => ({ row: at + 1, text: `a trade of ${day}` }));
  const found = structured("OFX", all, { employee: defaults.employee, evidence: said("OFX") });
  if (trades.length === 0) return found;
  const reason = `${trades.length} trades of securities are no bookings; they are listed`;
  const evidence: Evidence = { of: "rows", certainty: "assumed", reason, flag: "ROWS_NOT_READ" };
  return { ...found, facts: { ...found.facts, notRead: trades, evidence: [...found.facts.evidence, evidence] } };
}

function unescape(text: string): string {
  return text.replace(/&(#x?[\da-f]{1,7}|[a-z]{2,4});/gi, (whole, name: string) => {
    if (!name.startsWith("#")) return ENTITIES[name.toLowerCase()] ?? whole;
    const code = /^#x/i.test(name) ? Number.parseInt(name.slice(2), 16) : Number(name.slice(1));
    return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}

/** By the standard a negative amount is money that went out; CURRENCY says what the amount is in, ORIGCURRENCY what it was. */
function toLine(values: ReadonlyMap<string, string>, ofAccount: string | null): StructuredLine {
  const symbol = currencyOf(values.get("CURSYM"));
  const currency = (values.has("CURRENCY") ? symbol : null) ?? ofAccount;
  const amount = moneyOf(values.get("TRNAMT") ?? "", currency);
  const amountMinor = amount && (amount.minor === 0 ? 0 : -amount.minor);
  const posted =
    readDate((values.get("DTPOSTED") ?? "").slice(0, 8)) ??
    readDate(values.get("DTPOSTED") ?? values.get("DTUSER") ?? "");
  const words = [values.get("NAME"), values.get("MEMO")].filter((word, at, all) => word && all.indexOf(word) === at);
  const rate = Number(values.get("CURRATE"));
  const isForeign =
    values.has("ORIGCURRENCY") && symbol !== null && symbol !== currency && rate > 0 && amountMinor !== null;
  const reference = values.get("FITID");
  return {
    date: posted && toIso(posted, "dmy", null),
    description: words.join(" ").replace(/\s+/g, " ").trim(),
    amountMinor,
    currency,
    ...(reference ? { reference } : {}),
    ...(amount?.isRounded ? { flags: ["AMOUNT_ROUNDED" as const] } : {}),
    ...(isForeign
      ? { originalAmountMinor: convert(amountMinor, currency, symbol, rate), originalCurrency: symbol }
      : {}),
  };
}

/**
 * Minor units with their sign; null where the text is no number. Banks write "-33.7200", "1,234.500" and the product of a
 * rate to its last digit: what stands behind the last mark are decimals, for a thousand needs no mark.
 */
function moneyOf(
  text: string,
  currency: string | null,
): { readonly minor: number; readonly isRounded: boolean } | null {
  const plain = text.replace(/\s+/g, "");
  const written =
    readAmount(plain) ??
    (/^[-+]?\d+[.,]\d+$/.test(plain) ? { negative: plain.startsWith("-"), number: plain.replace(/^[-+]/, "") } : null);
  const mark = /\.\d+$/.test(plain) ? "." : /,\d+$/.test(plain) ? "," : null;
  const minor = written && toMinor(written, currency, mark);
  if (written === null || minor === null) return null;
  return { minor: written.negative && minor !== 0 ? -minor : minor, isRounded: isRounded(written, currency, mark) };
}

/** CURRATE is the statement's currency for one of the other. */
function convert(amountMinor: number, from: string | null, to: string, rate: number): number {
  return Math.round((amountMinor / 10 ** minorDigits(from) / rate) * 10 ** minorDigits(to));
}
