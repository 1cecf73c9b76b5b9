import { decodeText } from "../../../decode-text.js";
import { currencyOf, toMinor } from "../../money.js";
import { said, structured, type StructuredAccount, type StructuredLine } from "./structured.js";

interface Field {
  readonly tag: string;
  readonly value: string;
}

/**
 * The entries of SWIFT MT940 (statement) and MT942 (interim report), as banks write them: with or without SWIFT's blocks.
 * @throws {Error} when no statement is in it
 */
export function readMt940(
  bytes: Uint8Array,
  defaults: { readonly currency: string | null; readonly employee: string | null },
) {
  const { text } = decodeText(bytes);
  const statements: { fields: Field[] }[] = [];
  for (const field of fieldsOf(text)) {
    // Each statement begins with its transaction reference; some banks leave it out and begin with the account.
    const open = statements.at(-1);
    const begins =
      field.tag === "20" ||
      (field.tag.startsWith("25") && (!open || open.fields.some(({ tag }) => tag.startsWith("25"))));
    if (begins || !open) statements.push({ fields: [field] });
    else open.fields.push(field);
  }
  const accounts = merged(
    statements.map(({ fields }) => accountOf(fields, defaults.currency)).filter((one) => one !== null),
  );
  if (accounts.length === 0) throw new Error("it holds no account (:25:) and no entry (:61:)");
  return structured("MT940", accounts, { employee: defaults.employee, evidence: said("MT940") });
}

function fieldsOf(text: string): Field[] {
  const fields: { tag: string; value: string }[] = [];
  for (const line of text.replace(/\u0000/g, "").split(/\r\n|\n|\r/)) {
    const found = /^(?:\{[^}]*\}|\{4:|\s)*:(\d{2}[A-Z]?):(.*)$/.exec(line);
    if (found) fields.push({ tag: found[1]!, value: found[2]! });
    else if (fields.length > 0 && !/^-\}?|^\{/.test(line) && line.trim() !== "") fields.at(-1)!.value += `\n${line}`;
  }
  return fields;
}

function accountOf(fields: readonly Field[], fallback: string | null): StructuredAccount | null {
  const value = (...tags: string[]): string | null => fields.find(({ tag }) => tags.includes(tag))?.value ?? null;
  const opening = balanceOf(value("60F", "60M"));
  const last = fields.filter(({ tag }) => tag === "62F" || tag === "62M").at(-1);
  const closing = balanceOf(last?.value ?? null);
  const floor = /^([A-Z]{3})/.exec(value("34F") ?? "")?.[1];
  const account = value("25", "25P")?.split("\n")[0]!.trim() ?? null;
  const inAccount = /([A-Z]{3})$/.exec(account ?? "")?.[1];
  const currency = opening?.currency ?? closing?.currency ?? currencyOf(floor) ?? currencyOf(inAccount) ?? fallback;
  const lines: StructuredLine[] = [];
  for (const [at, { tag, value: entry }] of fields.entries()) {
    if (tag !== "61") continue;
    const details = fields[at + 1]?.tag === "86" ? fields[at + 1]!.value : "";
    lines.push(entryOf(entry, details, currency));
  }
  if (account === null && lines.length === 0) return null;
  return { account, currency, openingMinor: opening?.minor ?? null, closingMinor: closing?.minor ?? null, lines };
}

/** Pages of one statement follow each other (:60M:, :62M:): the closing of one is the opening of the next. */
function merged(accounts: readonly StructuredAccount[]): StructuredAccount[] {
  const all: StructuredAccount[] = [];
  for (const one of accounts) {
    const before = all.at(-1);
    const goesOn =
      before &&
      before.account === one.account &&
      before.currency === one.currency &&
      before.closingMinor !== null &&
      before.closingMinor === one.openingMinor;
    if (goesOn)
      all[all.length - 1] = { ...before, closingMinor: one.closingMinor, lines: [...before.lines, ...one.lines] };
    else all.push(one);
  }
  return all;
}

function balanceOf(value: string | null): { readonly currency: string | null; readonly minor: number } | null {
  const found = /^([CD])(\d{6})?([A-Z]{3})?\s*([\d.,]+)/.exec(value ?? "");
  if (!found) return null;
  // Its place says that it is a currency: old statements have those of before the euro.
  const currency = currencyOf(found[3]) ?? found[3] ?? null;
  const minor = minorOf(found[4]!, currency);
  return minor === null ? null : { currency, minor: found[1] === "D" ? -minor : minor };
}

/** "1234," and "1234,5": a comma before the decimals, always; some banks write a point. */
function minorOf(written: string, currency: string | null): number | null {
  const mark = written.includes(",") ? "," : ".";
  return toMinor({ number: written.replace(/[.,]$/, "") }, currency, mark);
}

/**
 * Value date, booking day, mark, currency's third letter, amount, type, reference. RC and RD take back; in CR the R is of
 * EUR.
 */
const ENTRY =
  /^(\d{2})(\d{2})(\d{2})\s*(\d{4})?\s*(R?[CD])([A-Z])?\s?([\d.,]+?)\s?(?:([A-Z][A-Z0-9 ]{0,3})([^\n]*))?(?:\n([\s\S]*))?$/;

function entryOf(value: string, details: string, currency: string | null): StructuredLine {
  const found = ENTRY.exec(value.trim());
  const description = descriptionOf(details);
  if (!found)
    return {
      date: null,
      description: description || value.replace(/\s+/g, " ").slice(0, 200),
      amountMinor: null,
      currency,
    };
  const [, year, month, day, booked, mark, , amount, , references] = found;
  const minor = minorOf(amount!, currency);
  // RC takes a credit back, and so goes out; RD takes a debit back.
  const goesOut = mark === "D" || mark === "RC";
  const valued = isoOf(Number(year), Number(month), Number(day));
  const date = bookedOn(valued, booked) ?? valued;
  const reference = /\/\/(\S+)/.exec(references ?? "")?.[1] ?? (references ?? "").split("//")[0]!.trim();
  return {
    date,
    description: description || found[10]?.replace(/\s+/g, " ").trim() || reference || "",
    amountMinor: minor === null || minor === 0 ? minor : goesOut ? minor : -minor,
    currency,
    ...(reference && reference !== "NONREF" ? { reference } : {}),
    ...(date === null ? { flags: ["DATE_UNCERTAIN" as const] } : {}),
  };
}

/** The booking day, of the year that brings it nearest to the value date; null where the entry has none. */
function bookedOn(valued: string | null, booked: string | undefined): string | null {
  if (valued === null || booked === undefined) return null;
  const year = Number(valued.slice(0, 4));
  const away = (date: string): number => Math.abs(Date.parse(date) - Date.parse(valued));
  const days = [year - 1, year, year + 1].flatMap(
    (one) => isoOf(one, Number(booked.slice(0, 2)), Number(booked.slice(2))) ?? [],
  );
  return days.sort((one, other) => away(one) - away(other))[0] ?? null;
}

/** The 30th of February, which banks write as the value date of interest, is the last day of February. */
function isoOf(year: number, month: number, day: number): string | null {
  const full = year > 99 ? year : year < 70 ? 2000 + year : 1900 + year;
  if (month < 1 || month > 12 || day < 1 || day > 31) return null;
  const last = new Date(Date.UTC(full, month, 0)).getUTCDate();
  return `${full}-${String(month).padStart(2, "0")}-${String(Math.min(day, last)).padStart(2, "0")}`;
}

/** Fields ?20 to ?29 and ?60 to ?63 are the purpose, ?32 and ?33 the other side; elsewhere it is plain text or /NAME/ and /REMI/. */
function descriptionOf(details: string): string {
  const joined = details.replace(/\n/g, "");
  const separator = /^\d{3}([?<>~@+])\d{2}/.exec(joined)?.[1] ?? (/\?\d{2}/.test(joined) ? "?" : null);
  if (separator !== null) {
    const parts = joined.split(separator).flatMap((part) => {
      const found = /^(\d{2})(.*)$/s.exec(part);
      return found ? [[Number(found[1]), found[2]!] as const] : [];
    });
    const other = parts
      .filter(([code]) => code === 32 || code === 33)
      .map(([, text]) => text)
      .join("")
      .trim();
    const purpose = parts
      .filter(([code]) => (code >= 20 && code <= 29) || (code >= 60 && code <= 63))
      .map(([, text]) => text)
      .join("");
    const kind = parts.find(([code]) => code === 0)?.[1] ?? "";
    return [other, purpose || kind]
      .filter((part) => part !== "")
      .join(" ")
      .replace(/\s+/g, " ")
      .trim();
  }
  const named = (tag: string): string => new RegExp(`/${tag}/(?:/*)([^/]+)`).exec(joined)?.[1] ?? "";
  const tagged = [named("NAME"), named("REMI")].filter((part) => part !== "").join(" ");
  return (tagged || details).replace(/\s+/g, " ").trim();
}
