/** How numbers of a date follow each other where it is not written out. */
export type DateOrder = "dmy" | "mdy";

/** A date as written. Numbers whose order is open are `first` and `second`; a year may be missing. */
export type WrittenDate =
  | { readonly kind: "known"; readonly day: number; readonly month: number; readonly year: number | null }
  | { readonly kind: "open"; readonly first: number; readonly second: number; readonly year: number | null };

export interface FoundDate {
  readonly date: WrittenDate;
  readonly index: number;
  readonly length: number;
}

/** Kana and Hangul come apart as well, and would be other letters then. */
const ACCENTED = /^[\p{Script=Latin}\p{Script=Greek}\p{Script=Cyrillic}]$/u;
const LOCALES = ["en", "de", "fr", "es", "it", "nl", "pt", "sv", "nb", "da", "af", "pl", "id"];
/** Languages whose short forms are words of other languages: "pro" is December in Czech. */
const LONG_LOCALES = ["fi", "cs", "hu", "tr", "ro"];
/** Month names and their short forms in the languages above, without accents and points. */
const MONTHS: ReadonlyMap<string, number> = monthNames();
const MONTH = `(${[...MONTHS.keys()].sort((a, b) => b.length - a.length).join("|")})`;
const YEAR = "((?:19|20)\\d{2}|\\d{2})";
const EDGE = "(?<![\\p{L}\\d.,/-])";
/** Hungary puts blanks behind the points: "2026. 01. 20." */
const ISO = new RegExp(`${EDGE}((?:19|20)\\d{2})([-/]|\\. ?)(\\d{1,2})(?:\\2)(\\d{1,2})(?!\\d)`, "gu");
const NUMERIC = new RegExp(`${EDGE}(\\d{1,2})([-/.])\\s?(\\d{1,2})\\2\\s?${YEAR}(?![\\d%])`, "gu");
const DAY_MONTH = new RegExp(
  `${EDGE}(\\d{1,2})(?:st|nd|rd|th|\\.)?[ /-]*(?:of )?${MONTH}\\.?(?:[,/ '-]*${YEAR}(?![\\d:.,]))?(?!\\p{L})`,
  "giu",
);
const MONTH_DAY = new RegExp(
  `(?<!\\p{L})${MONTH}\\.?[ -]*(\\d{1,2})(?:st|nd|rd|th)?(?![\\d:.]|,\\d)(?:,? *${YEAR}(?![\\d:.,]))?`,
  "giu",
);
/** As China and Japan write it. */
const YEAR_FIRST = /((?:19|20)\d{2}) ?年 ?(\d{1,2}) ?月 ?(\d{1,2}) ?日/gu;
const YEAR_MONTH = /((?:19|20)\d{2}) ?年 ?(\d{1,2}) ?月(?! ?\d{1,2} ?日)/u;
/** Years of Japan's present era and the one before. */
const ERA = /(令和|平成) ?(\d{1,2}|元) ?年 ?(\d{1,2}) ?月 ?(\d{1,2}) ?日/gu;
/** Only for cells that hold nothing else: in running text these are amounts and fractions. */
const SHORT = /^(\d{1,2})(?:([/.])|(\.) )(\d{1,2})\.?$/;
const COMPACT = /^((?:19|20)\d{2})(\d{2})(\d{2})/;

function monthNames(): Map<string, number> {
  const names = new Map<string, number>([
    ["sept", 9],
    ["mrz", 3],
    ["mar", 3],
  ]);
  for (const locale of [...LOCALES, ...LONG_LOCALES]) {
    for (const month of ["long", "short"] as const) {
      if (month === "short" && LONG_LOCALES.includes(locale)) continue;
      // Beside a day some languages write the name in another form.
      for (const options of [{ month }, { month, day: "numeric" as const }]) {
        const format = new Intl.DateTimeFormat(locale, { ...options, timeZone: "UTC" });
        for (let index = 0; index < 12; index += 1) {
          const parts = format.formatToParts(Date.UTC(2024, index, 1));
          const name = withoutAccents(parts.find(({ type }) => type === "month")!.value).replaceAll(".", "");
          if (/^[a-z]{3,}$/.test(name) && !names.has(name)) names.set(name, index + 1);
        }
      }
    }
  }
  return names;
}

/** Whether a word in lower case and without accents is the name of a month. */
export function isMonthName(word: string): boolean {
  return MONTHS.has(word);
}

/** Lower case, without accents, of the same length as long as the text has its letters composed. */
export function withoutAccents(text: string): string {
  return [...text.normalize("NFC")]
    .map((letter) => (ACCENTED.test(letter) ? (letter.normalize("NFD")[0] ?? letter) : letter))
    .join("")
    .toLowerCase();
}

/** All dates in running text, in order; those without a year only when their month is a name. */
export function findDates(text: string): FoundDate[] {
  const plain = withoutAccents(text);
  const found: FoundDate[] = [];
  const take = (pattern: RegExp, read: (match: RegExpMatchArray) => WrittenDate): void => {
    for (const match of plain.matchAll(pattern)) {
      const date = read(match);
      if (isPossible(date)) found.push({ date, index: match.index, length: match[0].length });
    }
  };
  take(YEAR_FIRST, ([, year, month, day]) => known(day!, Number(month), year));
  take(ERA, ([, era, year, month, day]) =>
    known(day!, Number(month), String((year === "元" ? 1 : Number(year)) + (era === "令和" ? 2018 : 1988))),
  );
  take(ISO, ([, year, , month, day]) => known(day!, Number(month), year));
  take(NUMERIC, ([, first, mark, second, year]) =>
    // Points are written where days come first.
    mark === "." ? known(first!, Number(second), year) : open(first!, second!, year),
  );
  take(DAY_MONTH, ([, day, month, year]) => known(day!, MONTHS.get(month!)!, year));
  take(MONTH_DAY, ([, month, day, year]) => known(day!, MONTHS.get(month!)!, year));
  const inOrder = found.sort((a, b) => a.index - b.index || b.length - a.length);
  return inOrder.filter((one, at) => !inOrder.slice(0, at).some((before) => one.index < before.index + before.length));
}

/** The last day of the month that a title such as "2026年01月" names: no line of such a statement is later. */
export function endOfMonth(text: string): WrittenDate | null {
  const [, year, month] = YEAR_MONTH.exec(text) ?? [];
  if (year === undefined) return null;
  const last = known(String(new Date(Date.UTC(Number(year), Number(month), 0)).getUTCDate()), Number(month), year);
  return isPossible(last) ? last : null;
}

/** The date that a cell holds and nothing else but perhaps a time; null where it holds none. */
export function readDate(cell: string): WrittenDate | null {
  const text = cell.trim();
  const short = SHORT.exec(text);
  if (short) {
    const date =
      short[2] === "/" ? open(short[1]!, short[4]!, undefined) : known(short[1]!, Number(short[4]), undefined);
    return isPossible(date) ? date : null;
  }
  const compact = COMPACT.exec(text);
  if (compact && /^\d{8}(\d{6})?(\.\d+)?(\[.*\])?$/.test(text)) {
    const date = known(compact[3]!, Number(compact[2]), compact[1]);
    return isPossible(date) ? date : null;
  }
  const [first] = findDates(text);
  if (!first || first.index > 5) return null;
  const rest = `${text.slice(0, first.index)} ${text.slice(first.index + first.length)}`;
  return /^[\s,.]*([A-Za-z]{2,9}[,.]?)?[\s,T]*(\d{1,2}[:.]\d{2}([:.]\d{2}(\.\d+)?)?\s*(am|pm|z|uhr)?)?[\s+-]*(\d{2}:?\d{2})?$/i.test(
    rest,
  )
    ? first.date
    : null;
}

/** The date that a text begins with, such as "03 Feb SHOP", and what stands behind it; null where it begins with none. */
export function leadingDate(text: string): { readonly date: WrittenDate; readonly rest: string } | null {
  const [first] = findDates(text);
  if (!first || first.index !== 0 || !/^\s/.test(text.slice(first.length))) return null;
  return { date: first.date, rest: text.slice(first.length).trim() };
}

function known(day: string, month: number, year: string | undefined): WrittenDate {
  return { kind: "known", day: Number(day), month, year: fullYear(year) };
}

function open(first: string, second: string, year: string | undefined): WrittenDate {
  return { kind: "open", first: Number(first), second: Number(second), year: fullYear(year) };
}

function fullYear(year: string | undefined): number | null {
  if (year === undefined) return null;
  return year.length === 2 ? 2000 + Number(year) : Number(year);
}

function isPossible(date: WrittenDate): boolean {
  const year = date.year ?? 2024; // A leap year: the 29th of February is possible.
  if (date.kind === "known") return isDay(year, date.month, date.day);
  return isDay(year, date.first, date.second) || isDay(year, date.second, date.first);
}

function isDay(year: number, month: number, day: number): boolean {
  const time = new Date(Date.UTC(year, month - 1, day));
  return time.getUTCMonth() === month - 1 && time.getUTCDate() === day;
}

/** The date in this order, or in the other one where only that is a day. `latest` gives a year to what has none. */
export function toIso(date: WrittenDate, order: DateOrder, latest: string | null): string | null {
  let [day, month] = date.kind === "known" ? [date.day, date.month] : [date.first, date.second];
  if (date.kind === "open" && order === "mdy") [day, month] = [month, day];
  if (date.kind === "open" && !isDay(date.year ?? 2024, month, day)) [day, month] = [month, day];
  if (date.year !== null) return isDay(date.year, month, day) ? iso(date.year, month, day) : null;
  if (latest === null) return null;
  // A statement tells what was before it ended, so January of a year may hold lines of the December before.
  const year = Number(latest.slice(0, 4));
  return (
    [year, year - 1]
      .filter((y) => isDay(y, month, day))
      .map((y) => iso(y, month, day))
      .find((d) => d <= latest) ?? null
  );
}

function iso(year: number, month: number, day: number): string {
  return `${year}-${String(month).padStart(2, "0")}-${String(day).padStart(2, "0")}`;
}

/** Days from one ISO date to another, never negative. */
export function daysBetween(a: string, b: string): number {
  return Math.abs(Date.parse(a) - Date.parse(b)) / 86_400_000;
}
