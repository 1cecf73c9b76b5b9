import type { Evidence } from "../../shapes.js";
import { accountKind } from "./account-kind.js";
import type { Column } from "./columns.js";
import { figureOf, isValue, movedOf, signsTell, type Figure } from "./figures.js";
import type { GridRow } from "./sections.js";
import { isContrarySigned, saidByHeadings } from "./sign-headings.js";
import { isProven, type Money } from "./structure.js";
import { wayOf } from "./words.js";

/** Whether a plus in the column of amounts stands for money that went out, and what says so. */
export interface Sign {
  readonly plusIsOut: boolean;
  readonly evidence: Evidence;
}

export interface SignClues {
  /** All that stands around the lines: headings, titles, limits. */
  readonly around: string;
  /** Closing less opening balance, where the file tells both. */
  readonly change: number | null;
}

const CENT = 0.0051;

/** Arithmetic first; then what says the way of single lines; then how most of them are signed. */
export function signOf(rows: readonly GridRow[], columns: readonly Column[], money: Money, clues: SignClues): Sign {
  const evidence = (certainty: Evidence["certainty"], reason: string, flag?: Evidence["flag"]): Evidence => ({
    of: "sign",
    certainty,
    reason,
    ...(flag ? { flag } : {}),
  });
  const kind = accountKind(clues.around);
  const isCard = kind === "card";
  const open = rows.flatMap((row) => {
    const figure = figureOf(row, money.structure, money.oneSided);
    return figure && figure.out === null && isValue(figure.written)
      ? [{ row, figure, way: wayOf(wordsOf(row, columns), isCard) }]
      : [];
  });
  if (open.length === 0) return settledSign(rows, columns, money, evidence);
  const votes = open.reduce((sum, { figure, way }) => sum + (figure.written.negative ? -way : way), 0);
  const [agree, against] = [1, -1].map(
    (sign) => open.filter(({ figure, way }) => way !== 0 && (figure.written.negative ? -way : way) === sign).length,
  );
  const total = open.reduce((sum, { figure }) => sum + movedOf(figure, money.mark, false), 0);
  const bySum =
    clues.change !== null && Math.abs(total) > CENT && Math.abs(Math.abs(clues.change) - Math.abs(total)) < CENT;
  if (isProven(money.balance) || bySum) {
    const raises = isProven(money.balance) ? !money.balance!.isReversed : Math.sign(clues.change!) === Math.sign(total);
    // What a card's balance counts may be owed or left: its lines tell.
    const isOwed = isCard && (raises ? against! > agree! : agree! > against!);
    const plusIsOut = raises === isOwed;
    const doubt = (plusIsOut ? agree! : against!) >= 2 && (plusIsOut ? against! : agree!) === 0;
    const by = isProven(money.balance)
      ? `${money.balance!.agreeing} of ${money.balance!.compared} balances follow from the amounts`
      : "opening and closing balance differ by the sum of the amounts";
    if (isCard || doubt)
      return {
        plusIsOut,
        evidence: evidence(
          "supported",
          `${by}; ${isOwed ? "the balance is what is owed" : "the balance is what is left"}`,
          doubt ? "SIGN_UNCERTAIN" : undefined,
        ),
      };
    return { plusIsOut, evidence: evidence("proven", by) };
  }
  if (money.feesAdd !== null)
    return {
      plusIsOut: money.feesAdd,
      evidence: evidence("proven", "each amount is the one before its fee and the fee, which goes out"),
    };
  const said = saidByHeadings(open, columns, money.structure, { agree: agree!, against: against! });
  if (said)
    return {
      plusIsOut: said.plusIsOut,
      evidence: evidence("supported", said.reason, said.isDoubted ? "SIGN_UNCERTAIN" : undefined),
    };
  const byDirection = directionSign(rows, columns, money);
  if (byDirection)
    return {
      plusIsOut: byDirection === "plus is out",
      evidence: evidence("supported", "a column says which way each line went"),
    };
  return signByWords(
    open.map(({ figure }) => figure.written.negative),
    {
      votes,
      agree: agree!,
      against: against!,
      isCard,
      isBank: kind === "bank",
      hasPlus: open.some(({ row, figure }) => hasPlus(row, figure, money)),
      isAllSigned: open.every(({ row, figure }) => figure.written.negative || hasPlus(row, figure, money)),
    },
    evidence,
  );
}

type MakeEvidence = (certainty: Evidence["certainty"], reason: string, flag?: Evidence["flag"]) => Evidence;

/** The columns themselves say which way. */
function settledSign(
  rows: readonly GridRow[],
  columns: readonly Column[],
  { structure, balance }: Money,
  evidence: MakeEvidence,
): Sign {
  if (structure.kind !== "pair")
    return { plusIsOut: true, evidence: evidence("supported", "each line says which way it went") };
  const used = [structure.debit, structure.credit].filter((at) => at !== null).map((at) => columns[at]!);
  if (used.every(({ isNamed }) => isNamed)) {
    const proven = isProven(balance);
    if (!proven && isContrarySigned(structure, rows))
      return {
        plusIsOut: true,
        evidence: evidence(
          "assumed",
          "the credits carry a minus and the debits none, as in books that call what comes in a debit",
          "SIGN_UNCERTAIN",
        ),
      };
    return {
      plusIsOut: true,
      evidence: evidence(
        proven ? "proven" : "supported",
        proven
          ? `${balance!.agreeing} of ${balance!.compared} balances follow from the two columns`
          : "one column for each way, named by its heading",
      ),
    };
  }
  if (!isProven(balance) && signsTell(structure, rows))
    return { plusIsOut: true, evidence: evidence("supported", "two columns, one with minus signs and one without") };
  return isProven(balance)
    ? {
        plusIsOut: true,
        evidence: evidence(
          "proven",
          `${balance!.agreeing} of ${balance!.compared} balances follow from the two columns`,
        ),
      }
    : {
        plusIsOut: true,
        evidence: evidence(
          "assumed",
          "two columns without headings; the first is taken for what went out",
          "SIGN_UNCERTAIN",
        ),
      };
}

function wordsOf({ texts }: GridRow, columns: readonly Column[]): string {
  return columns
    .filter(({ role }) => role === "description" || role === "merchant" || role === "type" || role === "category")
    .map(({ index }) => texts[index] ?? "")
    .join(" ");
}

/** How signs go with the words of a direction column, where some of them are known. */
function directionSign(
  rows: readonly GridRow[],
  columns: readonly Column[],
  { structure, oneSided }: Money,
): "plus is out" | "plus is in" | null {
  const direction = columns.find(({ role }) => role === "direction");
  if (!direction || structure.kind === "pair") return null;
  let [outNegative, outPositive] = [0, 0];
  for (const row of rows) {
    const figure = figureOf(row, { kind: "directed", amount: structure.amount, direction: direction.index }, oneSided);
    if (!figure || figure.out === null || !isValue(figure.written)) continue;
    if (figure.out === figure.written.negative) outNegative += 1;
    else outPositive += 1;
  }
  if (outNegative > 0 && outPositive === 0) return "plus is in";
  return outPositive > 0 && outNegative === 0 ? "plus is out" : null;
}

interface Votes {
  readonly votes: number;
  readonly agree: number;
  readonly against: number;
  readonly isCard: boolean;
  readonly isBank: boolean;
  /** Whether some amounts carry a plus, which nobody writes before what went out. */
  readonly hasPlus: boolean;
  /** Whether each amount carries one of both. */
  readonly isAllSigned: boolean;
}

function hasPlus({ texts }: GridRow, { written }: Figure, { structure }: Money): boolean {
  return structure.kind === "signed" && !written.negative && (texts[structure.amount] ?? "").includes("+");
}

function signByWords(
  negatives: readonly boolean[],
  { votes, agree, against, isCard, isBank, hasPlus: isSigned, isAllSigned }: Votes,
  evidence: MakeEvidence,
): Sign {
  const share = negatives.filter(Boolean).length / negatives.length;
  const known = agree + against;
  if (isAllSigned && isSigned && share > 0 && !isCard)
    return { plusIsOut: false, evidence: evidence("supported", "each amount carries a plus or a minus") };
  if (known > 0 && Math.max(agree, against) / known >= 0.75) {
    const plusIsOut = votes < 0;
    const matching = plusIsOut ? against : agree;
    // One word against how nearly all lines are signed is little.
    // Where no amount is signed, no reading can be right for lines that went both ways.
    const isContrary = share === 0 && !isSigned && known > matching;
    const isAgainstCustom = plusIsOut && !isCard && share > 0 && (negatives.length <= 3 || share >= 0.3);
    const isThin =
      matching === 1 &&
      (isAgainstCustom || (negatives.length > 3 && (plusIsOut ? share > 0.5 : share < 0.3 && !isCard)));
    return {
      plusIsOut,
      evidence: evidence(
        "supported",
        `the words of ${matching} of ${known} lines that tell a way go with it`,
        isThin || isContrary ? "SIGN_UNCERTAIN" : undefined,
      ),
    };
  }
  if (known > 0 && share > 0.6)
    return {
      plusIsOut: false,
      evidence: evidence(
        "assumed",
        "most amounts carry a minus; the lines' words disagree",
        known > 4 && agree < against ? "SIGN_UNCERTAIN" : undefined,
      ),
    };
  if (isSigned && !isCard && share > 0 && agree >= against)
    return { plusIsOut: false, evidence: evidence("supported", "amounts carry a plus or a minus") };
  // One word around a card's bill may be that of the account that pays it.
  if (isBank && share >= 0.4 && share < 1 && agree >= against)
    return {
      plusIsOut: false,
      evidence: evidence("supported", "a bank account's lines: what goes out carries a minus"),
    };
  if (known === 0 && share === 1)
    return { plusIsOut: false, evidence: evidence("supported", "every amount carries a minus") };
  if (known === 0 && negatives.length >= (share > 0.6 ? 4 : 8) && share >= 0.4 && !isCard)
    return {
      plusIsOut: false,
      evidence: evidence("supported", "as many amounts carry a minus as not, as in a bank account's"),
    };
  if (isCard)
    return {
      plusIsOut: share < 0.5,
      evidence: evidence(
        "supported",
        "a card's lines are charges for the most part",
        // As many with a minus as without show no most part.
        share > 0.35 && share < 0.65 ? "SIGN_UNCERTAIN" : undefined,
      ),
    };
  if (known === 0 && share > 0)
    return {
      plusIsOut: false,
      evidence: evidence(
        "assumed",
        "banks write what goes out with a minus; neither words nor balances say so",
        "SIGN_UNCERTAIN",
      ),
    };
  return {
    plusIsOut: share === 0 ? known === 0 || against >= agree : false,
    evidence: evidence("assumed", "neither balances nor words tell which way money went", "SIGN_UNCERTAIN"),
  };
}
