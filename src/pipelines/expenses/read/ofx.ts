import { decodeText } from "../../decode-text.js";
import { readDate, toIso } from "../dates.js";
import { currencyOf, minorDigits, readAmount, toMinor } from "../money.js";
import type { Missing, StatementLine } from "../shapes.js";
import type { StatementDefaults } from "./statement.js";

const MAX_TRANSACTIONS = 100_000;
const ENTITIES: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'", nbsp: " " };

/**
 * The transactions of an OFX file of either kind: SGML, whose values have no end tags and may be absent, or XML.
 * The readers on npm refuse a file over one empty value, which banks do write; hence this one, that knows only what a
 * statement needs. @throws {Error} when it is no OFX or is cut off
 */
export function readOfx(bytes: Uint8Array, defaults: StatementDefaults): StatementLine[] {
  const { text } = decodeText(bytes);
  const start = text.search(/<OFX>/i);
  if (start < 0) throw new Error("it has no <OFX>");
  const lines: StatementLine[] = [];
  let open: Map<string, string> | null = null;
  let currency = defaults.currency;
  let leaf: string | null = null;
  for (const [, end, name, value] of text.slice(start).matchAll(/<(\/?)([A-Za-z0-9_.]+)[^<>]{0,200}>([^<]*)/g)) {
    const tag = name!.toUpperCase();
    if (tag === "STMTTRN") {
      if (end && open) lines.push(toLine(open, lines.length + 1, { ...defaults, currency }));
      else if (!end && open) throw new Error("a transaction is cut off");
      open = end ? null : new Map();
      if (lines.length > MAX_TRANSACTIONS) throw new Error(`it has more than ${MAX_TRANSACTIONS} transactions`);
    } else if (!end) {
      leaf = tag;
      const plain = unescape(value!).trim();
      if (tag === "CURDEF") currency = currencyOf(plain) ?? currency;
      // The first of a name counts: a payee's own name comes behind the transaction's.
      if (open && plain !== "" && !open.has(leaf)) open.set(leaf, plain);
      else if (open && plain === "" && (tag === "CURRENCY" || tag === "ORIGCURRENCY")) open.set(tag, "yes");
    }
  }
  if (open || !/<\/OFX>/i.test(text)) throw new Error("it is cut off");
  return lines;
}

function unescape(text: string): string {
  return text.replace(/&(#\d{1,7}|[a-z]{2,4});/gi, (whole, name: string) => {
    if (!name.startsWith("#")) return ENTITIES[name.toLowerCase()] ?? whole;
    const code = Number(name.slice(1));
    return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}

/** By the standard a negative amount is money that went out; CURRENCY says what the amount is in, ORIGCURRENCY what it was. */
function toLine(values: ReadonlyMap<string, string>, row: number, defaults: StatementDefaults): StatementLine {
  const symbol = currencyOf(values.get("CURSYM"));
  const currency = (values.has("CURRENCY") ? symbol : null) ?? defaults.currency;
  const written = readAmount(values.get("TRNAMT") ?? "");
  const minor = written && toMinor(written, currency, null);
  const amountMinor = minor === null || minor === 0 ? minor : written!.negative ? minor : -minor;
  const posted = readDate(values.get("DTUSER") ?? values.get("DTPOSTED") ?? "");
  const date = posted && toIso(posted, "dmy", null);
  const words = [values.get("NAME"), values.get("MEMO")].filter((word, at, all) => word && all.indexOf(word) === at);
  const description = words.join(" ").replace(/\s+/g, " ").trim();
  const rate = Number(values.get("CURRATE"));
  const isForeign =
    values.has("ORIGCURRENCY") && symbol !== null && symbol !== currency && rate > 0 && amountMinor !== null;
  const missing: (Missing | false)[] = [
    date === null && "date",
    amountMinor === null && "amount",
    currency === null && "currency",
    defaults.employee === null && "employee",
    description === "" && "description",
  ];
  const reference = values.get("FITID");
  return {
    row,
    date,
    description,
    amountMinor,
    currency,
    employee: defaults.employee,
    ...(reference ? { reference } : {}),
    ...(isForeign
      ? { originalAmountMinor: convert(amountMinor, currency, symbol, rate), originalCurrency: symbol }
      : {}),
    incomplete: missing.filter((one): one is Missing => one !== false),
  };
}

/** CURRATE is the statement's currency for one of the other. */
function convert(amountMinor: number, from: string | null, to: string, rate: number): number {
  return Math.round((amountMinor / 10 ** minorDigits(from) / rate) * 10 ** minorDigits(to));
}
