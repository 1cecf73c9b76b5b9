import { unitsOf, type Atom } from "./atoms.js";
import type { Term } from "./terms.js";

/** From where to where, in UTF-16 code units into the chunk's text. */
export interface TextRange {
  readonly start: number;
  readonly end: number;
}

const MAX_HIGHLIGHTS = 50;

/** Where the text has what is asked for, in order, none inside another; at most 50. */
export function highlightsOf(text: string, terms: readonly Term[]): TextRange[] {
  const found: TextRange[] = [];
  const joined = new Set(terms.flatMap((term) => term.joined ?? []));
  const atoms: Atom[] = [];
  for (const unit of unitsOf(text)) {
    for (const atom of unit.atoms) atoms.push(atom);
    if (unit.joined !== null && joined.has(unit.joined))
      found.push({ start: unit.atoms[0]!.start, end: unit.atoms.at(-1)!.end });
  }
  const beginnings = new Map<string, Term[]>();
  for (const term of terms) {
    if (!term.isPrefix) beginnings.set(term.sequence[0]!, [...(beginnings.get(term.sequence[0]!) ?? []), term]);
  }
  const prefixes = terms.filter(({ isPrefix }) => isPrefix).map(({ sequence }) => sequence[0]!);
  for (const [n, atom] of atoms.entries()) {
    const prefix = prefixes.find((one) => atom.word.startsWith(one));
    if (prefix !== undefined) found.push({ start: atom.start, end: atom.start + prefix.length });
    for (const { sequence } of beginnings.get(atom.word) ?? []) {
      if (sequence.every((word, m) => atoms[n + m]?.word === word))
        found.push({ start: atom.start, end: atoms[n + sequence.length - 1]!.end });
    }
  }
  return merged(found).slice(0, MAX_HIGHLIGHTS);
}

function merged(ranges: readonly TextRange[]): TextRange[] {
  const whole: TextRange[] = [];
  for (const range of [...ranges].sort((a, b) => a.start - b.start || b.end - a.end)) {
    const last = whole.at(-1);
    if (last && range.start < last.end)
      whole[whole.length - 1] = { start: last.start, end: Math.max(last.end, range.end) };
    else whole.push(range);
  }
  return whole;
}
