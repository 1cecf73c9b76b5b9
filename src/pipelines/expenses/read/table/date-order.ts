import { daysBetween, isMonthName, toIso, withoutAccents, type DateOrder, type WrittenDate } from "../../dates.js";

export interface OrderClues {
  readonly currency: string | null;
  /** Dates from around the lines, such as the statement's period. */
  readonly around: readonly WrittenDate[];
  /** Text of the cells beside each of the dates. */
  readonly texts: readonly string[];
}

export interface Decided {
  readonly order: DateOrder;
  /** Whether the dates themselves left no doubt. */
  readonly certain: boolean;
}

/** So many days. */
const MANY = 4;

/**
 * Whether day or month comes first, decided by all dates of a statement together: a number above 12 settles it; else
 * the order in which the lines stay within the statement's period, are nearer to each other, or are sorted; else the
 * custom of the currency's country.
 */
export function decideOrder(dates: readonly WrittenDate[], { currency, around, texts }: OrderClues): Decided {
  const all = [...dates, ...around];
  const firsts = all.filter((date) => date.kind === "open" && date.first > 12).length;
  const seconds = all.filter((date) => date.kind === "open" && date.second > 12).length;
  if (firsts !== seconds) return { order: firsts > seconds ? "dmy" : "mdy", certain: Math.min(firsts, seconds) === 0 };
  const custom: DateOrder = currency === "USD" ? "mdy" : "dmy";
  // Canada writes both.
  const isKnown = currency !== null && currency !== "CAD";
  if (!dates.some((date) => date.kind === "open" && date.first !== date.second))
    return { order: custom, certain: true };
  for (const clue of [spanDays, stepsBack]) {
    const [dmy, mdy] = [clue(dates, around, "dmy"), clue(dates, around, "mdy")];
    if (Math.abs(dmy - mdy) < 2) continue;
    const order: DateOrder = dmy < mdy ? "dmy" : "mdy";
    // Few days decide only together with the custom; against one that is known they decide nothing.
    const isSupported = areMany(dates) || areOfManyShops(dates, texts) || (isKnown && order === custom);
    return { order: isSupported || !isKnown ? order : custom, certain: isSupported };
  }
  return { order: custom, certain: false };
}

/**
 * Whether so many different days are told that their nearness says something. What happens on one day of each month, or
 * once or twice in all, lies as near in one order as in the other.
 */
function areMany(dates: readonly WrittenDate[]): boolean {
  const open = dates.filter((date) => date.kind === "open");
  const of = (part: (date: (typeof open)[number]) => number): number => new Set(open.map(part)).size;
  return (
    of(({ first, second }) => first * 100 + second) >= MANY &&
    of(({ first }) => first) > 1 &&
    of(({ second }) => second) > 1
  );
}

/**
 * Whether five days or more tell each of something else. Read in the wrong order, days of one month become the same day of as
 * many months; what happens on such a day each month happens again, as "Rent May" does after "Rent April".
 */
function areOfManyShops(dates: readonly WrittenDate[], texts: readonly string[]): boolean {
  const daysOf = new Map<string, Set<number>>();
  const days = new Set<number>();
  for (const [at, date] of dates.entries()) {
    if (date.kind !== "open") continue;
    const [word] = withoutAccents(texts[at] ?? "").match(/\p{L}+/gu) ?? [""];
    if (isMonthName(word)) continue;
    const day = date.first * 100 + date.second;
    days.add(day);
    daysOf.set(word, (daysOf.get(word) ?? new Set()).add(day));
  }
  return days.size > MANY && daysOf.size > MANY && [...daysOf.values()].every((one) => one.size === 1);
}

/** A statement covers a month or a quarter; read in the wrong order its dates lie all over the year. */
function spanDays(dates: readonly WrittenDate[], around: readonly WrittenDate[], order: DateOrder): number {
  const days = isoDates([...dates, ...around], order).sort();
  return days.length > 1 ? daysBetween(days[0]!, days.at(-1)!) : 0;
}

/** How often the lines go against the direction that most of them have. */
function stepsBack(dates: readonly WrittenDate[], _: readonly WrittenDate[], order: DateOrder): number {
  const days = isoDates(dates, order);
  const falls = days.filter((day, at) => at > 0 && day < days[at - 1]!).length;
  const rises = days.filter((day, at) => at > 0 && day > days[at - 1]!).length;
  return Math.min(falls, rises);
}

function isoDates(dates: readonly WrittenDate[], order: DateOrder): string[] {
  return dates.map((date) => toIso(date, order, "2099-12-31")).filter((day): day is string => day !== null);
}

/** The latest date that was written with its year, for those written without. */
export function latestOf(dates: readonly WrittenDate[], order: DateOrder): string | null {
  return (
    dates
      .map((date) => toIso(date, order, null))
      .filter((day): day is string => day !== null)
      .sort()
      .at(-1) ?? null
  );
}
