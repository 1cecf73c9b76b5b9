import { currencyOf } from "../../money.js";
import { rowText, type Evidence, type StatementMapping } from "../../shapes.js";
import type { Column } from "./columns.js";
import type { Draft, ReadRow } from "./drafts.js";

/** The statement's currency, for lines that name none of their own. */
export interface Currencies {
  readonly main: string | null;
  /** Whether it was assumed, and not told by the file. */
  readonly isAssumed: boolean;
  readonly evidence: readonly Evidence[];
}

const DOLLARS: ReadonlySet<string> = new Set([
  "AUD",
  "CAD",
  "NZD",
  "HKD",
  "SGD",
  "MXN",
  "CLP",
  "ARS",
  "COP",
  "TWD",
  "JMD",
  "TTD",
  "BBD",
  "BSD",
  "BZD",
  "FJD",
  "LRD",
  "NAD",
  "XCD",
]);
/** Whether "$" is this currency's sign, and that of another too. */
export function isDollar(currency: string | null): boolean {
  return currency !== null && DOLLARS.has(currency);
}

/** "Currency: EUR", "all amounts in CHF": a code in running text counts only behind such words. */
const NAMED =
  /(?:currency|währung|waehrung|devise|moneda|waluta|valuta|divisa|amounts? in|beträge in|montants? en|importes? en|kwota w|mena|měna)\W{0,4}([A-Z]{3})(?![A-Z])/u;
/** An IBAN tells the country of the account, and with it in most cases the currency. */
const IBAN =
  /\b(AT|BE|CH|CY|DE|EE|ES|FI|FR|GB|GR|HR|IE|IT|LI|LT|LU|LV|MT|NL|PT|SI|SK|PL|CZ|HU|SE|NO|DK|RO|BG|UA|TR)\d{2}[ ]?[\dA-Z]{4}/u;
const OF_COUNTRY: Readonly<Record<string, string>> = {
  CH: "CHF",
  LI: "CHF",
  GB: "GBP",
  PL: "PLN",
  CZ: "CZK",
  HU: "HUF",
  SE: "SEK",
  NO: "NOK",
  DK: "DKK",
  RO: "RON",
  BG: "BGN",
  UA: "UAH",
  TR: "TRY",
};

/** A column, a heading, a row around the lines or a sign at the figures tell the currency; else the job's own is taken. */
export function currencyOfStatement(
  drafts: readonly Draft[],
  tables: readonly { readonly columns: readonly Column[]; readonly given: string | null }[],
  {
    read,
    defaults,
    text,
    name,
  }: {
    readonly read: readonly ReadRow[];
    readonly defaults: { readonly currency: string | null; readonly statements: readonly StatementMapping[] };
    readonly text: string;
    /** The file's name. */
    readonly name: string;
  },
): Currencies {
  const told = (main: string, reason: string): Currencies => ({
    main,
    isAssumed: false,
    evidence: [{ of: "currency", certainty: "supported", reason }],
  });
  const assumed = (main: string, reason: string): Currencies => ({
    main,
    isAssumed: true,
    evidence: [{ of: "currency", certainty: "assumed", reason, flag: "CURRENCY_ASSUMED" }],
  });
  const given = tables.find((table) => table.given !== null)?.given;
  if (given) return told(given, "said by the mapping");
  const fact = read.flatMap((one) => (one.is === "facts" && one.facts.currency ? [one.facts.currency] : []))[0];
  const column = tables.flatMap(({ columns }) => columns).some(({ role }) => role === "currency");
  const ofColumn = mostFrequent(drafts.flatMap((draft) => currencyOf(columnText(draft)) ?? []));
  if (column && ofColumn) return told(ofColumn, "a column names it");
  const used = mostFrequent(
    drafts.flatMap(({ columns, money: { structure } }) => {
      const at = structure.kind === "pair" ? [structure.debit, structure.credit] : [structure.amount];
      return at.flatMap((index) => (index === null ? [] : (columns[index]!.currency ?? [])));
    }),
  );
  const anyHeading =
    used ??
    mostFrequent(
      tables.flatMap(({ columns }) =>
        columns.flatMap(({ role, currency }) => (role === "balance" && currency ? [currency] : [])),
      ),
    );
  const symbol = mostFrequent(drafts.flatMap(({ figure }) => figure?.written.currency ?? []));
  const named = anyHeading ?? fact ?? currencyOf(NAMED.exec(text)?.[1]);
  if (isRupee(defaults.currency) && (named ?? symbol) === "INR" && !/INR|₹/.test(headingsOf(tables)))
    return told(defaults.currency!, `"Rs." is written, and ${defaults.currency} is the job's own`);
  if (named) return told(named, anyHeading ? "a heading names it" : "the file names it beside the lines");
  if (symbol === "USD" && defaults.currency !== null && DOLLARS.has(defaults.currency))
    return told(defaults.currency, `"$" at the figures, and ${defaults.currency} is the job's own`);
  if (symbol) return told(symbol, symbol === "USD" ? '"$" at the figures, read as USD' : "it is next to the figures");
  const crowns = crownsOf(drafts);
  if (crowns) return told(crowns, `"kr" at the figures, and the headings' language`);
  const beside = signBeside(read);
  if (beside?.isBareDollar && isDollar(defaults.currency))
    return told(defaults.currency!, `"$" at a balance beside the lines, and ${defaults.currency} is the job's own`);
  if (beside?.isBareDollar && defaults.currency === null)
    return assumed(beside.code, '"$" at a balance beside the lines, read as USD; set defaultCurrency to be sure');
  if (beside) return told(beside.code, "it is next to a balance beside the lines");
  const inName = codeInName(name);
  if (inName && defaults.currency === inName) return told(inName, "the file's name has it");
  if (inName && defaults.currency === null)
    return assumed(inName, `only the file's name has ${inName}; set defaultCurrency to be sure`);
  const code = IBAN.exec(text)?.[1] ?? IBAN.exec(drafts[0]?.account ?? "")?.[1];
  const country = code === undefined ? null : (OF_COUNTRY[code] ?? "EUR");
  if (country && (defaults.currency === null || defaults.currency === country))
    return told(country, `the account's IBAN begins with ${code}`);
  if (defaults.currency === null)
    return {
      main: null,
      isAssumed: false,
      evidence: [
        {
          of: "currency",
          certainty: "assumed",
          reason: "no currency is named; set defaultCurrency",
          ...(drafts.length > 0 ? { flag: "CURRENCY_UNCERTAIN" as const } : {}),
        },
      ],
    };
  return assumed(defaults.currency, `no currency is named; the job's own, ${defaults.currency}, is taken`);
}

/** Other countries' money that is written "Rs." as well. */
function isRupee(currency: string | null): boolean {
  return currency !== null && ["PKR", "LKR", "NPR", "MUR", "SCR"].includes(currency);
}

function headingsOf(tables: readonly { readonly columns: readonly Column[] }[]): string {
  return tables.flatMap(({ columns }) => columns.map(({ heading }) => heading)).join(" ");
}

/** Scandinavia writes "kr" for three currencies, and "amount" in three words. */
const CROWNS: readonly (readonly [string, RegExp])[] = [
  ["SEK", /belopp/i],
  ["NOK", /beløp/i],
  ["DKK", /beløb/i],
];

function crownsOf(drafts: readonly Draft[]): string | null {
  const withCrowns = drafts.find((draft) => moneyTexts(draft).some((cell) => /\d\s?kr\.?$/i.test(cell)));
  const headings = withCrowns?.columns.map(({ heading }) => heading.normalize("NFC")) ?? [];
  return CROWNS.find(([, word]) => headings.some((heading) => word.test(heading)))?.[0] ?? null;
}

/** What the columns of amounts and the balance hold; a text may end in "12 kr" as well. */
function moneyTexts({ grid, columns, money: { structure } }: Draft): string[] {
  const used = structure.kind === "pair" ? [structure.debit, structure.credit] : [structure.amount];
  return columns
    .filter(({ index, role }) => role === "balance" || used.includes(index))
    .map(({ index }) => grid.texts[index] ?? "");
}

/** The one currency at balances and sums around the lines, and whether "$" alone tells it. */
function signBeside(read: readonly ReadRow[]): { readonly code: string; readonly isBareDollar: boolean } | null {
  const special = read.filter((one) => one.is === "special");
  const codes = new Set(special.flatMap(({ amounts }) => amounts.flatMap(({ currency }) => currency ?? [])));
  const [code] = codes;
  if (code === undefined || codes.size > 1) return null;
  return { code, isBareDollar: code === "USD" && !special.some(({ row }) => /US\$|USD/.test(rowText(row))) };
}

/** Codes that people write into names of files; others are words there. */
const IN_NAMES = "EUR USD GBP CHF SEK NOK DKK PLN CZK HUF RON BGN AUD CAD NZD SGD HKD INR JPY CNY ZAR BRL MXN";

/** The one currency that a file's name has as a word in capitals: "account-CHF-2026.csv". */
function codeInName(name: string): string | null {
  const codes = new Set(
    (name.match(/(?<![A-Za-z])[A-Z]{3}(?![A-Za-z])/g) ?? []).filter((code) => IN_NAMES.includes(code)),
  );
  return codes.size === 1 ? [...codes][0]! : null;
}

function columnText({ grid, columns }: Draft): string {
  const column = columns.find(({ role }) => role === "currency");
  return column ? (grid.texts[column.index] ?? "") : "";
}

function mostFrequent(codes: readonly string[]): string | null {
  const counts = new Map<string, number>();
  for (const code of codes) counts.set(code, (counts.get(code) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1])[0]?.[0] ?? null;
}
