/** Fewer words than this tell nothing. */
const MIN_WORDS = 15;
/** Words that are none, as codes and abbreviations are too: a parts list has a quarter of them. */
const MAX_ODD_SHARE = 0.4;
/** Letters a word, in the middle; English has 4.7, and formulas have two. */
const MIN_WORD_LENGTH = 1.8;
const MAX_BAD_SHARE = 0.05;
const VOWEL = /[aeiouyàáâãäåæèéêëìíîïòóôõöøœùúûüýăąęěėęîőœůűčšžаеёиоуыэюяіїєαεηιουωάέήίόύώ]/i;

/** Characters that stand for nothing: private ones, those that could not be decoded, controls. */
const BAD = /[\uE000-\uF8FF\uFFFD\u0000-\u0008\u000e-\u001f\u0080-\u009f]/g;

/**
 * Whether a text is likely not what is to be seen: fonts without a true mapping, or what an earlier recogniser took dirt
 * for. Judges alphabets that have vowels; of others, characters that stand for nothing alone.
 */
export function isSuspect(text: string): boolean {
  const letters = text.replace(/\s+/g, "");
  if (letters.length < 10) return false;
  if ((letters.match(BAD)?.length ?? 0) > letters.length * MAX_BAD_SHARE) return true;
  return isShredded(text) || oddShare(text) > MAX_ODD_SHARE;
}

/** Words broken into letters and pairs of letters, as of a font that claims to be written downwards. */
function isShredded(text: string): boolean {
  const words = text.match(/\p{Script=Latin}+/gu) ?? [];
  const letters = words.reduce((sum, word) => sum + word.length, 0);
  return words.length >= 60 && letters < words.length * MIN_WORD_LENGTH;
}

/** Which share of the words can't be words; 0 where there are too few. */
export function oddShare(text: string): number {
  const words =
    text.match(/[^\s]{3,}/g)?.filter((word) => /[\p{Script=Latin}\p{Script=Cyrillic}\p{Script=Greek}]/u.test(word)) ??
    [];
  return words.length < MIN_WORDS ? 0 : words.filter(isOdd).length / words.length;
}

function isOdd(word: string): boolean {
  const bare = word.replace(/^[^\p{L}\p{N}]+|[^\p{L}\p{N}]+$/gu, "");
  if (bare.length < 3) return false;
  // Addresses, dates, amounts, names of files and the like are made of more than letters.
  if (/[@/:\\_\d]/.test(bare)) return false;
  if (/^\p{Lu}{2,5}s?$/u.test(bare)) return false;
  const isMixed = /[^\p{L}\p{M}'’.\-–&,;)(]/u.test(bare);
  const switches = bare.match(/\p{Ll}\p{Lu}/gu)?.length ?? 0;
  return isMixed || switches > 1 || !VOWEL.test(bare);
}
