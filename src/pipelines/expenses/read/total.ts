import { findDates } from "../dates.js";
import { currencyOf, findAmounts, toMinor, type DecimalMark, type WrittenAmount } from "../money.js";

/** The sum of a receipt, and whether another figure has as much for it. */
export interface ReceiptTotal {
  readonly written: WrittenAmount;
  readonly isUncertain: boolean;
  /** The words it stands behind, without accents, in small. */
  readonly label: string;
}

interface Figure {
  readonly written: WrittenAmount;
  readonly minor: number;
  readonly line: number;
  readonly label: string;
  readonly hasDecimals: boolean;
  /** Net and tax of one line whose third figure they add up to; that one is the whole. */
  readonly inRow?: "part" | "whole";
}

/** Words that a receipt's sum stands behind, the surest first; compared without accents. */
const SUREST =
  /\b(grand total|total (amount )?(paid|due|charged?|refund(ed)?|payable|to pay)|amount (paid|due|charged|refunded|payable)|balance due|refund total|you paid|total ttc|ttc|gesamtbetrag|gesamtsumme|endbetrag|endsumme|rechnungsbetrag|rechnungssumme brutto|zahlbetrag|bruttosumme|bruttobetrag|gesamtpreis|zu zahlen(der betrag)?|zu ?zahlender|net a payer|montant (total|paye|ttc)|total a pagar|importe total|totaal te betalen|te betalen|totale complessivo|totale documento|totale da pagare|total to pay|order total|invoice total|total price|total invoice|total inc\w*|do zaplaty|suma pln|att betala|at betale|a betale|a pagar|valor total|total factura|nett? total|total sales \(?incl\w*|rounded total|total rounded|total after rounding|rounding adjusted|amount in total|somme a payer|montant preleve|fizetendo|vegosszeg|k uhrade|totalpris|total de plata|totaal ?bedrag)\b|合 ?計|合计|应付|請求額|請求金額|お支払|합 *계|총액|결 *제 *(?:대 *상 *)?금 *액|승인금액|받을 ?금액/u;
const SURE =
  /\b(total|totals|summe|gesamt|totaal|totale|sum|suma|betrag|montant|importe|razem|celkem|yhteensa|osszesen|totalt|ttl|jumlah|brutto|gross)\b/;
const WEAK =
  /\b(amount|paid|charged|visa|mastercard|amex|card|cash|cb|karte|ec|payment|bar|gegeben|bankomat|debit|credit|bezahlt|pinpay|contactless)\b/;
/** Sums that are not the sum. */
const NOT_THE_SUM =
  /\b(sub-?\s?total|zwischensumme|sous-total|subtotaal|subtotale|total (ht|tax|taxes|vat|gst|items?|qty|quantity|savings?|saved|discounts?|points?|net|excl\w*|before|units|weight|hors)|(rechnungs)?summe (netto|ohne)|ohne (ust|mwst)|net(to)?(betrag|summe|wert)?|tax(es|able)?|steuer\w*|vat|gst|mwst|ust|tva|iva|btw|moms|pst|hst|tips?|gratuity|change|wechselgeld|ruckgeld|zuruck|monnaie|cash ?back|saved|savings|ersparnis|rabatt|discount|remise|balance (before|forward)|points?|zuschlage?|abschlage?|zuschlaege|abschlaege|surcharge|zuschlag|rounding|rundung|round(ing)? adj\w*|deposit|anzahlung|prepaid|previous|unit price|preis|price each|stuckpreis|einzelpreis|ht|due date|credit limit|invoice no|tendered|exempt|zero.?rated|taxable|excl\w*|exkl\w*|hors (tva|taxes?))\b|小 ?計|小计|税|対象|預|釣|ポイント|과 *세|면 *세|부 *가 *세|소 *계|할인|거스름|단가/;
const INCLUSIVE = /\b(total|gesamt\w*|summe|amount|betrag|price)\b.*\b(inc\w*|ttc|inkl\w*|with|mit|including)\b/;
const TENDERED = /\b(cash|tendered|gegeben|bar|paid|especes|contant|contanti|efectivo)\b|預|現金|현금/;
const CHANGE = /\b(change|wechselgeld|ruckgeld|zuruck|rendu|monnaie|wisselgeld|resto|cambio)\b|釣|거스름/;
const TIP = /\b(tips?|gratuity|trinkgeld|pourboire|propina|mancia|fooi|service charge)\b/;
const TAXES = /\b(tax|vat|gst|mwst|ust|umsatzsteuer|steuerbetrag|tva|iva|btw|moms|pst|hst|afa)\b|税|부 *가 *세/;
const NET =
  /\b(sub-?\s?total|zwischensumme|net(to)?(betrag|summe)?|total ht|ht|excl\w*|ohne ust|ohne mwst|before tax|sous-total|taxable)\b|小 ?計|小计|과 *세/;
/** Receipts of the East set the letters of a word apart. */
const WORDS = /\p{L}{2}|[\p{Script=Han}\p{Script=Hangul}]/u;
/** Cash is rounded to this in many countries. */
const ROUNDING = 5;
/** A figure nearer than this to the best has as much for it. */
const NEAR = 1;

/** The figure that label, place and arithmetic speak for. Null where there is none. */
export function totalOf(
  lines: readonly string[],
  plain: readonly string[],
  mark: DecimalMark | null,
): ReceiptTotal | null {
  const figures = figuresOf(lines, plain, mark);
  if (figures.length === 0) return null;
  const scored = figures.map((figure, at) => ({ figure, score: scoreOf(figure, at, figures) }));
  const best = scored.reduce((most, one) =>
    one.score > most.score || (one.score === most.score && one.figure.minor >= most.figure.minor) ? one : most,
  );
  const rival = scored.some(({ figure, score }) => figure.minor !== best.figure.minor && score > best.score - NEAR);
  const isUncertain =
    rival ||
    best.score < 2.5 ||
    isAbsurd(best.figure, figures) ||
    isLessThanItems(best.figure, figures) ||
    isOneOfSeveral(best.figure, figures);
  return { written: best.figure.written, label: best.figure.label, isUncertain };
}

/** Far from what the net and all taxes, tips and surcharges come to: a sign was read as a digit, or another figure's label. */
function isAbsurd({ minor }: Figure, figures: readonly Figure[]): boolean {
  const size = Math.abs(minor);
  const of = (label: RegExp): number[] =>
    figures.filter((figure) => label.test(figure.label)).map((figure) => Math.abs(figure.minor));
  const net = of(NET).filter((one) => one > 0);
  const extra = [...of(TAXES), ...of(TIP)].reduce((sum, one) => sum + one, 0);
  return net.length === 1 && extra > 0 && extra < net[0]! && (size > 2 * (net[0]! + extra) || size < net[0]! / 2);
}

/** Two goods that cost more each: the sum's figure was mixed up with another line's. */
function isLessThanItems({ minor, line }: Figure, figures: readonly Figure[]): boolean {
  const isItem = ({ label }: Figure): boolean => ![SUREST, SURE, WEAK, NOT_THE_SUM].some((words) => words.test(label));
  const size = Math.abs(minor);
  return figures.filter((figure) => figure.line < line && figure.minor > size && isItem(figure)).length > 1;
}

/** Two orders in one mail: the same words stand at another sum, and no figure explains the difference. */
function isOneOfSeveral({ minor, label, line }: Figure, figures: readonly Figure[]): boolean {
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
function inRows(figures: readonly Figure[]): Figure[] {
  const role = new Map<Figure, "part" | "whole">();
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

function figuresOf(lines: readonly string[], plain: readonly string[], mark: DecimalMark | null): Figure[] {
  const all = lines.flatMap((line, at): Figure[] => {
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

/** The same sum in another currency is larger or smaller for no reason. */
function isForeign(one: WrittenAmount, other: WrittenAmount): boolean {
  return one.currency !== null && other.currency !== null && one.currency !== other.currency;
}

function scoreOf({ written, label, minor, line, inRow }: Figure, at: number, all: readonly Figure[]): number {
  const isInclusive = INCLUSIVE.test(label) && !/\b(tax|vat|mwst|ust)\b.*\b(amount|betrag)\b/.test(label);
  const size = Math.abs(minor);
  const largest = all.every((other) => Math.abs(other.minor) <= size);
  const isWholeOfAll =
    inRow === "whole" && all.every((other) => Math.abs(other.minor) <= size || isForeign(other.written, written));
  const isOther = inRow === "part" || (!isInclusive && !isWholeOfAll && NOT_THE_SUM.test(label));
  const byLabel = isOther
    ? -4
    : SUREST.test(label)
      ? 4
      : SURE.test(label) || isInclusive || isWholeOfAll
        ? 3.4
        : WEAK.test(label)
          ? 1
          : 0;
  const others = all.filter((_, index) => index !== at);
  // What is called a total and stands above may be one before tax.
  const nets = others
    .filter((other) => NET.test(other.label) || (other.line < line && /\btotal\b/.test(other.label)))
    .map((other) => Math.abs(other.minor));
  const taxes = others
    .filter((other) => TAXES.test(other.label) && !INCLUSIVE.test(other.label))
    .map((other) => Math.abs(other.minor));
  const adds =
    size > 0 && nets.some((net) => net < size && taxes.some((tax) => tax > 0 && Math.abs(net + tax - size) <= 1));
  const tendered = others.filter((other) => TENDERED.test(other.label)).map((other) => Math.abs(other.minor));
  const change = others.filter((other) => CHANGE.test(other.label)).map((other) => Math.abs(other.minor));
  const isPaid = size > 0 && tendered.some((given) => change.some((back) => Math.abs(given - back - size) <= ROUNDING));
  const before = all
    .slice(0, at)
    .filter((other) => other.line < line && !SURE.test(other.label) && !NOT_THE_SUM.test(other.label));
  const items = before.reduce((sum, other) => sum + other.minor, 0);
  const isSum = before.length >= 2 && size > 0 && Math.abs(items - minor) <= ROUNDING;
  const tips = others.filter((other) => TIP.test(other.label)).map((other) => Math.abs(other.minor));
  const withTip =
    size > 0 &&
    tips.some(
      (tip) =>
        tip > 0 && others.some((other) => SURE.test(other.label) && Math.abs(Math.abs(other.minor) + tip - size) <= 1),
    );
  const again = others.some((other) => Math.abs(other.minor) === size && size > 0 && other.line !== line);
  return (
    byLabel +
    (adds ? 3 : 0) +
    (isPaid ? 2 : 0) +
    (isSum ? 2 : 0) +
    (withTip ? 4 : 0) +
    (again ? 0.8 : 0) +
    (largest ? 0.6 : 0) +
    (size === 0 ? -5 : 0) +
    (0.3 * at) / all.length
  );
}
