import { partial_ratio, ratio, token_set_ratio } from "fuzzball";
import { withoutAccents } from "./dates.js";

/** Letters and digits in small, without accents; everything else is one blank. */
export function plainWords(text: string): string {
  return withoutAccents(text)
    .replace(/[^\p{L}\p{N}]+/gu, " ")
    .trim();
}

/** One key for the ways a name is written: "DOE, Jane" and "Jane Doe". */
export function nameKey(name: string): string {
  return plainWords(name).split(" ").sort().join(" ");
}

/** What banks and card networks put around a merchant's name, and words that say what it is rather than which. */
const AROUND =
  /\b(sq|tst|sp|paypal|pp|zettle|sumup|card payment to|card purchase|pos|purchase|debit|kartenzahlung|lastschrift|gutschrift|carte|cb|www|com|inc|ltd|llc|gmbh|ag|as|co|plc|sarl|store|refund|reversal|the|hotel|restaurant|cafe|taxi)\b/g;
const SHORT_FORMS: Readonly<Record<string, string>> = { amzn: "amazon", mktp: "marketplace", mktplace: "marketplace" };

const UNPARTED = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]/u;

function merchantWords(name: string): string {
  const words = plainWords(name)
    .replace(AROUND, " ")
    // China, Japan and Korea part no words: there only the figures go.
    .replace(/\S*\d\S*/g, (word) => (UNPARTED.test(word) ? word.replace(/\d+/g, "") : " "));
  const kept = words
    .split(/\s+/)
    .filter((word) => word !== "")
    .map((word) => SHORT_FORMS[word] ?? word);
  return kept.join(" ") || plainWords(name);
}

/** One key for a merchant, whatever numbers and card networks stand around the name. */
export function merchantKey(name: string): string {
  return merchantWords(name).replaceAll(" ", "");
}

/**
 * How alike two merchants' names are, 0 to 1: the best of the words they share and of one being part of the other.
 * Names that have nothing in common still share letters; what they reach by chance counts as 0.
 */
export function merchantSimilarity(a: string, b: string): number {
  const [one, other] = [merchantWords(a), merchantWords(b)];
  if (one === "" || other === "") return 0;
  const [short, long] = [one.replaceAll(" ", ""), other.replaceAll(" ", "")].sort((x, y) => x.length - y.length);
  const part = short!.length >= 4 ? partial_ratio(short!, long!) * 0.95 : ratio(short!, long!);
  const best = Math.max(token_set_ratio(one, other), part, skeletonRatio(short!, long!), firstWordRatio(one, other));
  return Math.max(0, (best / 100 - CHANCE) / (1 - CHANCE));
}
const CHANCE = 0.45;

/** Where a name is too long for a card's field, its vowels go first: WHLEFDS MKT. */
function skeletonRatio(a: string, b: string): number {
  const [one, other] = [a, b].map((name) => name.replace(/[aeiouy]/g, "")) as [string, string];
  return Math.min(one.length, other.length) < 5 ? 0 : ratio(one, other) * 0.9;
}

/** Chains are known by their first word: "Aral Tankstelle" is booked as "ARAL STATION", with a letter lost as "RAL STATION". */
function firstWordRatio(a: string, b: string): number {
  const [one, other] = [a.split(" ")[0]!, b.split(" ")[0]!];
  const alike = Math.max(one.length, other.length) < 4 ? 0 : ratio(one, other);
  return alike < ONE_LETTER_OFF ? 0 : alike * 0.8;
}
/** Of four letters one may be lost; "delta" and "dell" have more that differs. */
const ONE_LETTER_OFF = 85;
