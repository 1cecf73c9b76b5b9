import { findDates } from "../dates.js";
import { scoresOf, type ReceiptFigure } from "./total-scores.js";
import { NET, NOT_THE_SUM, SURE, SUREST, TAXES, TIP, WEAK } from "./total-words.js";
import { currencyOf, findAmounts, toMinor, type DecimalMark, type WrittenAmount } from "../money.js";

/** The sum of a receipt, and whether another figure has as much for it. */
export interface ReceiptTotal {
  readonly written: WrittenAmount;
  readonly isUncertain: boolean;
  /** The words it stands behind, without accents, in small. */
  readonly label: string;
}

/** Receipts of the East set the letters of a word apart. */
const WORDS = /\p{L}{2}|[\p{Script=Han}\p{Script=Hangul}]/u;
/** A figure nearer than this to the best has as much for it. */
const NEAR = 1;

/** The figure that label, place and arithmetic speak for. Null where there is none. */
export function totalOf(
  lines: readonly string[],
  plain: readonly string[],
  mark: DecimalMark | null,
  isOcr = false,
): ReceiptTotal | null {
  const figures = figuresOf(lines, plain, mark);
  if (figures.length === 0) return null;
  const scored = scoresOf(figures).map((found, at) => ({ ...found, figure: figures[at]! }));
  const best = scored.reduce((most, one) =>
    one.score > most.score || (one.score === most.score && one.figure.minor >= most.figure.minor) ? one : most,
  );
  const rival = scored.some(({ figure, score }) => figure.minor !== best.figure.minor && score > best.score - NEAR);
  const isUncertain =
    rival ||
    best.score < 2.5 ||
    // A reader of pictures takes one digit for another, and words at a figure do not show it.
    (isOcr && !best.isConfirmed) ||
    isAbsurd(best.figure, figures) ||
    isLessThanItems(best.figure, figures) ||
    isOneOfSeveral(best.figure, figures);
  return { written: best.figure.written, label: best.figure.label, isUncertain };
}

/** Far from what the net and all taxes, tips and surcharges come to: a sign was read as a digit, or another figure's label. */
function isAbsurd({ minor }: ReceiptFigure, figures: readonly ReceiptFigure[]): boolean {
  const size = Math.abs(minor);
  const of = (label: RegExp): number[] =>
    figures.filter((figure) => label.test(figure.label)).map((figure) => Math.abs(figure.minor));
  const net = of(NET).filter((one) => one > 0);
  const extra = [...of(TAXES), ...of(TIP)].reduce((sum, one) => sum + one, 0);
  return net.length === 1 && extra > 0 && extra < net[0]! && (size > 2 * (net[0]! + extra) || size < net[0]! / 2);
}

/** Two goods that cost more each: the sum's figure was mixed up with another line's. */
function isLessThanItems({ minor, line }: ReceiptFigure, figures: readonly ReceiptFigure[]): boolean {
  const isItem = ({ label }: ReceiptFigure): boolean =>
    ![SUREST, SURE, WEAK, NOT_THE_SUM].some((words) => words.test(label));
  const size = Math.abs(minor);
  return figures.filter((figure) => figure.line < line && figure.minor > size && isItem(figure)).length > 1;
}

/** Two orders in one mail: the same words stand at another sum, and no figure explains the difference. */
function isOneOfSeveral({ minor, label, line }: ReceiptFigure, figures: readonly ReceiptFigure[]): boolean {
  const sizes = new Set(figures.map((figure) => Math.abs(figure.minor)));
  return (
    SUREST.test(label) &&
    figures.some((other) => {
      const isAlike = other.line !== line && other.label === label && other.minor !== 0 && other.minor !== minor;
      return isAlike && !sizes.has(Math.abs(Math.abs(minor) - Math.abs(other.minor)));
    })
  );
}

/** Where three figures of a line are net, tax and their sum, in whatever order, each says which it is. */
function inRows(figures: readonly ReceiptFigure[]): ReceiptFigure[] {
  const role = new Map<ReceiptFigure, "part" | "whole">();
  for (let at = 0; at + 2 < figures.length; at += 1) {
    const three = figures.slice(at, at + 3);
    const sizes = three.map(({ minor }) => Math.abs(minor));
    const most = Math.max(...sizes);
    const isOfLine = three.every(({ line }) => line === three[0]!.line);
    if (!isOfLine || sizes.includes(0) || Math.abs(sizes.reduce((sum, size) => sum + size, 0) - 2 * most) > 1) continue;
    for (const [place, figure] of three.entries()) role.set(figure, sizes[place] === most ? "whole" : "part");
  }
  return figures.map((figure) => (role.has(figure) ? { ...figure, inRow: role.get(figure)! } : figure));
}

function figuresOf(lines: readonly string[], plain: readonly string[], mark: DecimalMark | null): ReceiptFigure[] {
  const all = lines.flatMap((line, at): ReceiptFigure[] => {
    const dates = findDates(line);
    let from = 0;
    return findAmounts(line)
      .filter(
        ({ index, length }) => !dates.some((date) => index < date.index + date.length && index + length > date.index),
      )
      .flatMap(({ amount, index, length }) => {
        const words = plain[at]!.slice(from, index).trim();
        // "**** TAX 1.93 BAL 40.47": what is to be paid stands behind the tax.
        const own = words === "bal" && TAXES.test(plain[at]!.slice(0, from)) ? "total" : words;
        const code = /(?:^|\s)([A-Z]{3}|[€£¥₹])\s*:?\s*$/.exec(line.slice(from, index))?.[1];
        from = index + length;
        const label = WORDS.test(own) ? own : labelAbove(plain, at, plain[at]!.slice(0, index)) || own;
        const minor = toMinor(amount, null, mark);
        if (minor === null || /%\s*$/.test(line.slice(index, index + length + 1))) return [];
        // "TOTAL EUR      47.60": the code stands at the figure, however wide the gap.
        const isSum = SUREST.test(own) || SURE.test(own) || WEAK.test(own);
        const written = amount.currency === null && isSum && code ? { ...amount, currency: currencyOf(code) } : amount;
        return [
          {
            written,
            minor: amount.negative ? -minor : minor,
            line: at,
            label,
            hasDecimals: /[.,]\d{2}$|[.,][-–—]+$/.test(amount.number),
          },
        ];
      });
  });
  const money = all.filter(({ hasDecimals, written }) => hasDecimals || written.currency !== null);
  // Where no figure shows decimals, as in Japan, a total is a whole number behind a word for it.
  return money.length > 0 ? inRows(money) : all.filter(({ label }) => SUREST.test(label) || SURE.test(label));
}

/** The words of the line itself before a figure that has none of its own; else the line above, where it is words alone. */
function labelAbove(plain: readonly string[], at: number, before: string): string {
  if (WORDS.test(before)) return before;
  const above = plain[at - 1] ?? "";
  return /\d[.,]\d{2}\b/.test(above) ? "" : above;
}
