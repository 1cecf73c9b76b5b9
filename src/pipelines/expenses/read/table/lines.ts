import { readDate, toIso, type DateOrder, type WrittenDate } from "../../dates.js";
import {
  currencyOf,
  hasNoParts,
  isRounded,
  minorDigits,
  readAmount,
  shownMark,
  toMinor,
  type WrittenAmount,
} from "../../money.js";
import type { FlagCode, Missing, StatementLine } from "../../shapes.js";
import { isDollar, type Currencies } from "./currency.js";
import { cellText, type Draft } from "./drafts.js";
import { sizeOf } from "./figures.js";
import type { Sign } from "./sign.js";
import { isProven } from "./structure.js";
import { directionOf, isSettled, statusIn } from "./words.js";

/** What the statement as a whole has settled. */
export interface Settled {
  readonly currencies: Currencies;
  readonly defaults: { readonly employee: string | null };
  readonly order: DateOrder;
  readonly latest: string | null;
  readonly dateIsCertain: boolean;
  readonly sign: Sign;
}

/** Where a bank prints the date once for all lines of a day, it prints the balance once, too: behind the day's last. */
export function withInheritedDates(drafts: readonly Draft[], isPage: boolean): Draft[] {
  if (!isPage || !drafts.some(({ hasBalance }) => hasBalance)) return [...drafts];
  let [date, dayGoesOn]: [WrittenDate | null, boolean] = [null, false];
  return drafts.map((draft) => {
    const own = draft.date ?? (dayGoesOn ? date : null);
    [date, dayGoesOn] = [own, !draft.hasBalance];
    return { ...draft, date: own };
  });
}

export function toLine(draft: Draft, row: number, settled: Settled): StatementLine {
  const { grid, columns, money, figure } = draft;
  const text = (role: Parameters<typeof cellText>[2]): string => cellText(grid, columns, role);
  const currency =
    headedCurrency(draft) ?? currencyOf(text("currency")) ?? ownCurrency(draft, settled) ?? settled.currencies.main;
  const date = draft.date && toIso(draft.date, settled.order, settled.latest);
  const description = draft.description.join(" ").replace(/\s+/g, " ").trim();
  const fee = feeOf(draft, currency);
  const amountMinor = figure && amountOf(draft, currency, settled.sign, fee);
  const employee = draft.owner ?? settled.defaults.employee;
  const originalCurrency = currencyOf(text("originalCurrency")) ?? draft.original?.currency ?? null;
  const originalMinor =
    draft.original && originalCurrency ? toMinor(draft.original, originalCurrency, money.mark) : null;
  const isForeign = originalMinor !== null && originalMinor !== 0 && originalCurrency !== currency;
  const notCounted = notCountedOf(draft);
  const missing: (Missing | false)[] = [
    date === null && "date",
    amountMinor === null && "amount",
    currency === null && "currency",
    employee === null && "employee",
    description === "" && "description",
  ];
  const [category, reference, counterparty, account] = [
    text("category"),
    text("reference"),
    text("merchant"),
    draft.account,
  ];
  return {
    row,
    date,
    description,
    amountMinor,
    currency,
    employee,
    ...(category ? { category } : {}),
    ...(reference ? { reference } : {}),
    ...(counterparty && counterparty !== description ? { counterparty } : {}),
    ...(account ? { account } : {}),
    ...(notCounted ? { notCounted } : {}),
    ...(fee !== 0 ? { feeMinor: fee } : {}),
    ...(isForeign && originalCurrency
      ? { originalAmountMinor: (amountMinor ?? 0) < 0 ? -originalMinor : originalMinor, originalCurrency }
      : {}),
    incomplete: missing.filter((one): one is Missing => one !== false),
    flags: flagsOf(draft, { currency, fee, settled, notCounted }),
  };
}

/** "Amount in the card's currency (UAH)": what the amounts' own heading names; a column beside it tells of another amount. */
function headedCurrency({ columns, money: { structure } }: Draft): string | null {
  if (structure.kind === "pair") return null;
  const hasOther = columns.some(({ role, index }) => role === "originalAmount" && index !== structure.amount);
  return hasOther ? columns[structure.amount]!.currency : null;
}

/**
 * A bare "¥" beside amounts with decimals is the yuan, without any of its own too; a bare "$" is the dollar of the whole
 * statement.
 */
function ownCurrency({ figure, grid }: Draft, { currencies }: Settled): string | null {
  const own = figure?.written.currency ?? null;
  if (
    own === "USD" &&
    isDollar(currencies.main) &&
    !grid.texts.some((cell) => /US\$|(?<![A-Za-z])USD(?![A-Za-z])/.test(cell))
  )
    return currencies.main;
  return own === "JPY" && currencies.main === "CNY" && grid.texts.some((cell) => cell.includes("¥")) ? "CNY" : own;
}

/** What was spent is positive, what came back negative; a zero has no sign. Fees in a column of their own go out as well. */
function amountOf({ figure, money }: Draft, currency: string | null, { plusIsOut }: Sign, fee: number): number | null {
  const { written, out } = figure!;
  const minor = toMinor(written, currency, money.mark);
  if (minor === null) return null;
  const goesOut = out ?? written.negative !== plusIsOut;
  const amount = (goesOut ? minor : -minor) + fee;
  return amount === 0 ? 0 : amount;
}

/** 0 where there is none, or where the balances show that the amount has it already. */
function feeOf({ grid, money }: Draft, currency: string | null): number {
  if (money.fee === null || (isProven(money.balance) && !money.balance!.withFees)) return 0;
  const written = readAmount(grid.texts[money.fee] ?? "");
  return written ? Math.abs(toMinor(written, currency, money.mark) ?? 0) : 0;
}

function statusOf({ grid, columns }: Draft): string {
  const column = columns.find(({ role }) => role === "status");
  return column ? statusIn(column.heading, grid.texts[column.index] ?? "") : "";
}

/** Arithmetic outweighs the bank's word: where the balance moved, the line happened. */
function notCountedOf(draft: Draft): string | null {
  const { grid, columns, money } = draft;
  if (isProven(money.balance) && money.balance!.happened.includes(grid.row.at)) return null;
  const status = statusOf(draft);
  if (status !== "" && isSettled(status) === false) return status;
  // "offen" in the place of a date: it has none yet.
  if (draft.dayWord !== "" && isSettled(draft.dayWord) === false) return draft.dayWord;
  if (draft.pending !== null) return draft.pending;
  const [, word] = PENDING.exec(draft.description.join(" ")) ?? [];
  if (word !== undefined) return word;
  const direction = cellText(grid, columns, "direction");
  return direction !== "" && directionOf(direction) === "none" ? direction : null;
}

/** A word before the text, as banks without a column for it write: "PENDING - SHOP". */
const PENDING = /^\W*(pending|temporary hold|(?:umsatz )?vorgemerkt)\s*[:*–-]/i;

interface Known {
  readonly currency: string | null;
  readonly fee: number;
  readonly settled: Settled;
  readonly notCounted: string | null;
}

function flagsOf(draft: Draft, { currency, fee, settled, notCounted }: Known): FlagCode[] {
  const { figure, money, grid } = draft;
  const sign = settled.sign.evidence.flag;
  const status = statusOf(draft);
  const flags: (FlagCode | false | undefined)[] = [
    figure !== null && figure.out === null && sign,
    figure !== null && money.structure.kind === "pair" && sign,
    figure !== null && money.structure.kind === "directed" && isWayUnknown(draft) && "SIGN_UNCERTAIN",
    money.contrary.includes(grid.row.at) && "SIGN_UNCERTAIN",
    figure !== null && (money.isContested || isLone(figure.written, draft, currency)) && "AMOUNT_UNCERTAIN",
    draft.isOpeningMoved && "AMOUNT_UNCERTAIN",
    figure !== null && isRounded(figure.written, currency, money.mark) && "AMOUNT_ROUNDED",
    isOrderOpen(draft.date) && !settled.dateIsCertain && "DATE_ORDER_UNCERTAIN",
    figure !== null && settled.currencies.isAssumed && currency === settled.currencies.main && "CURRENCY_ASSUMED",
    money.balance !== null &&
      isProven(money.balance) &&
      money.balance.breaks.includes(grid.row.at) &&
      "BALANCE_DISAGREES",
    fee !== 0 && !isProven(money.balance) && "FEE_ADDED",
    notCounted !== null && "NOT_COUNTED",
    status !== "" && isSettled(status) === null && isOddStatus(draft) && "STATUS_UNKNOWN",
    // Dated by its value alone, beside others that are booked.
    draft.date !== null && draft.dayWord !== "" && notCounted === null && "STATUS_UNKNOWN",
  ];
  return [...new Set(flags.filter((flag): flag is FlagCode => typeof flag === "string"))];
}

/** A line whose column of directions says nothing known, and whose amount shows no sign. */
function isWayUnknown({ figure, columns, grid }: Draft): boolean {
  const direction = cellText(grid, columns, "direction");
  return (
    figure!.out === null &&
    directionOf(direction) !== "none" &&
    !figure!.written.negative &&
    sizeOf(figure!.written, null) !== 0
  );
}

/** "1.234" in a file that nowhere shows its decimal mark: a thousand, or one and a bit. */
function isLone({ number }: WrittenAmount, { money }: Draft, currency: string | null): boolean {
  return (
    !hasNoParts(currency) &&
    shownMark(number) === null &&
    /[.,]/.test(number) &&
    money.mark === null &&
    !isProven(money.balance) &&
    number.split(/[.,]/).length === 2
  );
}

function isOrderOpen(date: WrittenDate | null): boolean {
  return date !== null && date.kind === "open" && date.first !== date.second && date.first <= 12 && date.second <= 12;
}

function isOddStatus({ columns }: Draft): boolean {
  return columns.some(({ role, isNamed }) => role === "status" && isNamed);
}

/** @internal A day of a cell in the order that is settled. */
export function dayOf(text: string, { order, latest }: Settled): string | null {
  const date = readDate(text);
  return date && toIso(date, order, latest);
}

/** @internal Minor units of a size in major units. */
export function minorOf(size: number, currency: string | null): number {
  return Math.round(size * 10 ** minorDigits(currency));
}
