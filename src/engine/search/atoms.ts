/**
 * The words of a text, of any language, as search compares them. Postgres' own parser is not used: it takes "-991" of
 * "INV-991" for a number below nought, finds no word in a Chinese sentence, and asks for the extension `unaccent`.
 */

/** A word, a number, or two neighbours of a script that puts no spaces between its words. */
export interface Atom {
  /** As it is compared: folded. */
  readonly word: string;
  /** In UTF-16 code units into the text. */
  readonly start: number;
  readonly end: number;
  /** The last character of such a run, alone, so that one character is found as the beginning of a word. */
  readonly isLast?: boolean;
}

/** What stands together: one word, or several that signs or a change to digits join, such as INV-991 or 2024-03-05. */
export interface Unit {
  readonly atoms: readonly Atom[];
  /** All of it without the signs: "inv991"; null of one atom, and of a script without spaces. */
  readonly joined: string | null;
  readonly isUnspaced: boolean;
}

/** A word of more is cut; nobody types one. */
const MAX_WORD_LENGTH = 100;

const UNSPACED_SCRIPTS =
  "\\p{sc=Han}\\p{sc=Hiragana}\\p{sc=Katakana}\\p{sc=Hangul}\\p{sc=Thai}\\p{sc=Lao}\\p{sc=Khmer}\\p{sc=Myanmar}ー";
/** Of a word, but not to be compared: soft hyphens and what is wide of nothing. */
const INVISIBLE = "\\u00AD\\u200B-\\u200D\\u2060";
const LETTER = `[\\p{L}\\p{N}\\p{M}${INVISIBLE}]`;
const RUN = new RegExp(
  `${LETTER}+(?:(?:[-\\u2010-\\u2013._/@:+'’&#\\\\·]|(?<=\\p{N}),(?=\\p{N}))(?=[\\p{L}\\p{N}])${LETTER}+)*`,
  "gu",
);
const PIECE = new RegExp(
  `(?<unspaced>[${UNSPACED_SCRIPTS}][${UNSPACED_SCRIPTS}\\p{M}]*)|(?<digits>\\p{N}+)|(?<letters>(?:(?![${UNSPACED_SCRIPTS}])[\\p{L}\\p{M}${INVISIBLE}])+)`,
  "gu",
);

export function* unitsOf(text: string): Iterable<Unit> {
  for (const run of text.matchAll(RUN)) {
    let together: Atom[] = [];
    for (const piece of run[0].matchAll(PIECE)) {
      const start = run.index + piece.index;
      if (piece.groups!.unspaced !== undefined) {
        if (together.length > 0) yield unitOf(together);
        together = [];
        yield { atoms: neighbours(piece[0], start), joined: null, isUnspaced: true };
        continue;
      }
      const word = folded(piece[0]);
      if (word !== "") together.push({ word, start, end: start + piece[0].length });
    }
    if (together.length > 0) yield unitOf(together);
  }
}

function unitOf(atoms: readonly Atom[]): Unit {
  const joined = atoms.length > 1 ? cut(atoms.map(({ word }) => word).join("")) : null;
  return { atoms, joined, isUnspaced: false };
}

/** Every two neighbours, then the last one alone. */
function neighbours(run: string, start: number): Atom[] {
  const characters = [...run].map((character) => folded(character) || character);
  const places: number[] = [start];
  for (const character of run) places.push(places.at(-1)! + character.length);
  return characters.map((character, n) => {
    const isLast = n === characters.length - 1;
    return isLast
      ? { word: character, start: places[n]!, end: places[n + 1]!, isLast }
      : { word: character + characters[n + 1]!, start: places[n]!, end: places[n + 2]! };
  });
}

/** Marks that a reader leaves out, or a keyboard has not: those of other scripts are letters. */
const MARKED = /([\p{sc=Latin}\p{sc=Greek}\p{sc=Cyrillic}\p{sc=Hebrew}\p{sc=Arabic}])\p{M}+/gu;
const UNCOMPARED = new RegExp(`[${INVISIBLE}\\u0640\\u2044]`, "g");
/** The noughts of the digits that NFKC leaves as they are. */
const NOUGHTS = [
  0x660, 0x6f0, 0x7c0, 0x966, 0x9e6, 0xa66, 0xae6, 0xb66, 0xbe6, 0xc66, 0xce6, 0xd66, 0xe50, 0xed0, 0xf20, 0x1040,
  0x17e0, 0x1810,
];

/** Without case, accents, width and kind of digits: "É" is "e", "ß" is "ss", "٣" is "3". */
function folded(word: string): string {
  if (/^[\x21-\x7E]*$/.test(word)) return cut(word.toLowerCase());
  const plain = word
    .normalize("NFD")
    .replace(MARKED, "$1")
    .normalize("NFKC")
    .toUpperCase()
    .toLowerCase()
    .normalize("NFD")
    .replace(MARKED, "$1")
    .normalize("NFC")
    .replace(UNCOMPARED, "")
    .replaceAll("ς", "σ")
    .replace(/\p{Nd}/gu, digitOf)
    .replace(/[^\p{L}\p{N}\p{M}]/gu, "");
  return cut(plain);
}

function digitOf(digit: string): string {
  const code = digit.codePointAt(0)!;
  const nought = NOUGHTS.find((one) => code >= one && code < one + 10);
  return nought === undefined ? digit : String(code - nought);
}

function cut(word: string): string {
  return word.length <= MAX_WORD_LENGTH ? word : word.slice(0, MAX_WORD_LENGTH).replace(/[\uD800-\uDBFF]$/, "");
}
