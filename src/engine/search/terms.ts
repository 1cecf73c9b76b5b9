import { STOP_WORDS } from "../../pipelines/documents/stop-words.js";
import { unitsOf, type Unit } from "./atoms.js";

/** A thing that a query asks for: a word, or a unit such as INV-991. */
export interface Term {
  readonly joined: string | null;
  /** The words that stand one behind the other, where the unit is not written in one. */
  readonly sequence: readonly string[];
  /** Whether the only word is a beginning: one character of a script without spaces. */
  readonly isPrefix: boolean;
  /** For Postgres. */
  readonly tsquery: string;
}

/** More make no difference to what is best, and each is a look into the index. */
const MAX_TERMS = 32;
/** Below, the parts of a unit stand together by chance too often to be looked at one by one: "1.2.3". */
const TELLING_LENGTH = 3;
/** Short words that say nothing, of the languages of STOP_WORDS. */
const SHORT = new Set(
  `the and for are was who how you not but has had can may its our his her why all any out
  der die das und ist mit von den dem des ein auf für wie was wer les une est par sur qui que los las del con una por`.split(
    /\s+/,
  ),
);

/** What a query asks for, each once; words that say nothing are left out where others say something. */
export function termsOf(query: string): Term[] {
  const terms = new Map<string, { readonly term: Term; readonly isTelling: boolean }>();
  for (const unit of unitsOf(query)) {
    const term = termOf(unit);
    if (!terms.has(term.tsquery)) terms.set(term.tsquery, { term, isTelling: isTelling(unit, query) });
  }
  const all = [...terms.values()];
  const telling = all.filter((one) => one.isTelling);
  return (telling.length > 0 ? telling : all).slice(0, MAX_TERMS).map(({ term }) => term);
}

function isTelling({ atoms, joined, isUnspaced }: Unit, query: string): boolean {
  if (isUnspaced || joined !== null) return true;
  const { word, start, end } = atoms[0]!;
  const written = query.slice(start, end);
  if (/\p{N}/u.test(written) || !/^\p{sc=Latin}+$/u.test(written)) return true;
  if (written === written.toUpperCase() && written.length > 1 && query !== query.toUpperCase()) return true; // IT, UK
  return word.length > 2 && !SHORT.has(word) && !STOP_WORDS.has(word);
}

function termOf({ atoms, joined, isUnspaced }: Unit): Term {
  const all = atoms.map(({ word }) => `'${word}'`);
  if (isUnspaced) {
    if (atoms.length === 1) {
      const [word] = atoms.map((one) => one.word);
      return { joined: null, sequence: [word!], isPrefix: true, tsquery: `${all[0]}:*` };
    }
    const pairs = atoms.filter(({ isLast }) => !isLast).map(({ word }) => word);
    const tsquery = pairs.map((word) => `'${word}'`).join(" & ");
    return { joined: null, sequence: pairs, isPrefix: false, tsquery: `(${tsquery})` };
  }
  const sequence = atoms.map(({ word }) => word);
  if (joined === null) return { joined, sequence, isPrefix: false, tsquery: all[0]! };
  const isRare = sequence.some((word) => word.length >= TELLING_LENGTH);
  const tsquery = isRare ? `('${joined}' | ${all.join(" <-> ")})` : `'${joined}'`;
  return { joined, sequence, isPrefix: false, tsquery };
}
