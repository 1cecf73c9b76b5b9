import { toDecimal } from "../../money.js";
import type { AccountSummary, Evidence, FlagCode, Missing, StatementFacts, StatementLine } from "../../shapes.js";

/** A line of a format that says itself what everything is. */
export interface StructuredLine {
  readonly date: string | null;
  readonly description: string;
  /** Charges positive. */
  readonly amountMinor: number | null;
  readonly currency: string | null;
  readonly reference?: string;
  readonly counterparty?: string;
  readonly account?: string;
  readonly notCounted?: string;
  readonly originalAmountMinor?: number;
  readonly originalCurrency?: string;
  readonly flags?: readonly FlagCode[];
}

/** What one account of such a file tells. */
export interface StructuredAccount {
  readonly account: string | null;
  readonly currency: string | null;
  /** Money that is there; null where the format or the file does not tell it. */
  readonly openingMinor: number | null;
  readonly closingMinor: number | null;
  readonly lines: readonly StructuredLine[];
}

/** Lines and facts of a structured file; sums are checked against its balances. */
export function structured(
  format: string,
  accounts: readonly StructuredAccount[],
  { employee, evidence }: { readonly employee: string | null; readonly evidence: readonly Evidence[] },
): { readonly lines: readonly StatementLine[]; readonly facts: StatementFacts } {
  const all = accounts.flatMap((one) =>
    one.lines.map((line) => ({ ...line, account: line.account ?? one.account ?? undefined })),
  );
  const lines = all.map((line, at): StatementLine => {
    const { account, flags = [], ...rest } = line;
    const missing: (Missing | false)[] = [
      line.date === null && "date",
      line.amountMinor === null && "amount",
      line.currency === null && "currency",
      employee === null && "employee",
      line.description === "" && "description",
    ];
    return {
      ...rest,
      row: at + 1,
      employee,
      ...(account ? { account } : {}),
      incomplete: missing.filter((one): one is Missing => one !== false),
      flags: line.notCounted ? [...flags, "NOT_COUNTED"] : flags,
    };
  });
  const summaries = accounts.map(summaryOf);
  return {
    lines,
    facts: {
      format,
      accounts: summaries,
      evidence: [...evidence, ...summaries.flatMap(balanceEvidence)],
      notRead: [],
      mapping: null,
    },
  };
}

function summaryOf({ account, currency, openingMinor, closingMinor, lines }: StructuredAccount): AccountSummary {
  const counted = lines.filter(({ amountMinor, notCounted }) => amountMinor !== null && !notCounted);
  const sumMinor = counted.reduce((sum, { amountMinor }) => sum + amountMinor!, 0);
  const dates = counted.flatMap(({ date }) => date ?? []).sort();
  const differenceMinor =
    openingMinor === null || closingMinor === null ? null : openingMinor - sumMinor - closingMinor;
  return {
    account,
    currency,
    openingMinor,
    closingMinor,
    sumMinor,
    lines: lines.length,
    from: dates[0] ?? null,
    to: dates.at(-1) ?? null,
    differenceMinor,
  };
}

function balanceEvidence({ account, currency, differenceMinor }: AccountSummary): Evidence[] {
  if (differenceMinor === null) return [];
  const of = account === null ? "" : ` of ${account}`;
  return [
    differenceMinor === 0
      ? { of: "balance", certainty: "proven", reason: `opening balance${of}, lines and closing balance agree` }
      : {
          of: "balance",
          certainty: "assumed",
          reason:
            `opening balance${of} and lines miss the closing balance by ${toDecimal(differenceMinor, currency)} ${currency ?? ""}`.trim(),
          flag: "BALANCE_DISAGREES",
        },
  ];
}

/** The format says which way money went, in which currency, and when. */
export function said(format: string): Evidence[] {
  return [
    { of: "amount", certainty: "supported", reason: `${format} names the amounts` },
    { of: "sign", certainty: "supported", reason: `${format} says which way money went` },
  ];
}
