/** How far one text says what another does, by words; each from 0 to 1, and 1 where there is nothing to say. */
export interface Score {
  /** Which share of the reference's words the text has. */
  readonly recall: number;
  /** Which share of the text's words the reference has. */
  readonly precision: number;
  /** Which share of the words that both have stands in the same order in both. */
  readonly order: number;
}

/** More words than this tell nothing more of an order; comparing them takes time by their square. */
const MAX_ORDERED = 30_000;

/** Words as both sides may write them: letters and digits alone, in one case. Scripts without blanks count by letters. */
export function wordsOf(text: string): string[] {
  return (
    text
      .normalize("NFKC")
      .toLowerCase()
      .match(/[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]|[\p{L}\p{M}\p{N}]+/gu) ?? []
  );
}

/** The best of each over the references: a text may be in more than one right order. */
export function scoreOf(text: string, references: readonly string[]): Score {
  const words = wordsOf(text);
  const scores = references.map((reference) => compared(words, wordsOf(reference)));
  const best = (key: keyof Score): number => Math.max(...scores.map((score) => score[key]));
  return { recall: best("recall"), precision: best("precision"), order: best("order") };
}

function compared(words: readonly string[], reference: readonly string[]): Score {
  const [own, theirs] = [kept(words, reference), kept(reference, words)];
  const ordered = theirs.slice(0, MAX_ORDERED);
  return {
    recall: share(theirs.length, reference.length),
    precision: share(own.length, words.length),
    // All words of the text: of one that stands twice it is open which is meant.
    order: share(commonSubsequence(words.slice(0, MAX_ORDERED * 2), ordered), ordered.length),
  };
}

const share = (part: number, whole: number): number => (whole === 0 ? 1 : part / whole);

/** Of these words, in their order, as many of each as the others have. */
function kept(words: readonly string[], others: readonly string[]): string[] {
  const left = new Map<string, number>();
  for (const word of others) left.set(word, (left.get(word) ?? 0) + 1);
  return words.filter((word) => {
    const count = left.get(word) ?? 0;
    if (count > 0) left.set(word, count - 1);
    return count > 0;
  });
}

/** Bits of a number that can be added without losing one. */
const BITS = 30;
const ALL = 2 ** BITS - 1;

/** How long the longest common subsequence is: a row of differences at a time, thirty places of it in one number. */
function commonSubsequence(left: readonly string[], right: readonly string[]): number {
  const size = Math.ceil(left.length / BITS);
  const places = new Map<string, Int32Array>();
  for (const [index, word] of left.entries()) {
    const mask = places.get(word) ?? new Int32Array(size);
    mask[Math.floor(index / BITS)]! |= 1 << (index % BITS);
    places.set(word, mask);
  }
  const row = new Int32Array(size).fill(ALL);
  for (const word of right) {
    const mask = places.get(word);
    if (!mask) continue;
    let carry = 0;
    for (let at = 0; at < size; at += 1) {
      const matched = row[at]! & mask[at]!;
      const sum = row[at]! + matched + carry;
      carry = sum > ALL ? 1 : 0;
      row[at] = (sum & ALL) | (row[at]! & ~mask[at]!);
    }
  }
  return left.reduce((sum, _, index) => sum + ((row[Math.floor(index / BITS)]! >> (index % BITS)) & 1 ? 0 : 1), 0);
}
