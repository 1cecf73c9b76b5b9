/** Which of the recogniser's languages are written in a script, as it names both; the most spoken first. */
const LANGUAGES: Readonly<Record<string, string>> = {
  Latin:
    "eng deu fra spa por ita nld pol ces swe dan nor fin hun ron tur vie ind cat hrv slk slv est lav lit isl gle glg eus afr sqi lat",
  Cyrillic: "rus ukr bel bul srp mkd kaz mon",
  Greek: "ell grc",
  Arabic: "ara fas urd",
  Hebrew: "heb yid",
  Devanagari: "hin mar nep san",
  Bengali: "ben asm",
  Tamil: "tam",
  Telugu: "tel",
  Kannada: "kan",
  Malayalam: "mal",
  Gujarati: "guj",
  Gurmukhi: "pan",
  Thai: "tha",
  Georgian: "kat",
  Armenian: "hye",
  Han: "chi_sim chi_tra jpn",
  Japanese: "jpn",
  Katakana: "jpn",
  Hiragana: "jpn",
  Korean: "kor",
  Hangul: "kor",
  Fraktur: "deu_frak frk Fraktur",
};
/** Each takes its time with every line. */
const MOST_AT_ONCE = 3;

/** Of the installed languages those of the script, three at most; none where no installed one is written in it. */
export function languagesOf(script: string, installed: readonly string[]): string[] {
  const wanted = (LANGUAGES[script] ?? "").split(" ");
  // Debian packs whole scripts as well, such as script/Latin: one of these knows all its languages.
  const whole = installed.find((one) => one === `script/${script}`);
  if (whole !== undefined) return [whole];
  return wanted.filter((one) => installed.includes(one)).slice(0, MOST_AT_ONCE);
}
