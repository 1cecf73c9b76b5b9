import { existsSync } from "node:fs";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { documentsAt, PROJECT_ROOT } from "./example-documents.js";
import { saveArtifacts } from "./save-artifacts.js";
import type { Demo, DemoEnd } from "./demo-job.js";
import { UsageError } from "../exit-codes.js";
import { counted, plain, say, table } from "../print.js";

/** Statements of two cards and a repeated one, receipts of most lines, and some that are wrong or missing. */
const GENERATED = { lines: 60, seed: 1, noise: "noisy", pictures: 0 };
/** Rows of each list that are shown; the report has them all. */
const SHOWN = 8;
const MAX_TEXT = 46;

interface GeneratedSet {
  readonly files: readonly { readonly name: string; readonly bytes: Uint8Array | string }[];
  readonly aliases: Readonly<Record<string, readonly string[]>>;
  readonly rates: Readonly<Record<string, number>>;
}

/** A row of report.csv by its columns, as text. */
type ReportRow = Readonly<Record<string, string>>;

/** A session of statements and receipts, made anew below `folder`, or those at the paths given. */
export async function expensesDemo(paths: readonly string[], limitBytes: number, folder: string): Promise<Demo> {
  if (paths.length > 0) {
    return { pipeline: "expenses", options: {}, found: await documentsAt(paths, limitBytes), show };
  }
  const { aliases, rates, papers } = await generate(path.join(folder, "papers"));
  const options = { aliases, exchangeRates: rates };
  return { pipeline: "expenses", options, found: await documentsAt([papers], limitBytes), show };
}

const GENERATOR = path.join(PROJECT_ROOT, "examples", "expenses", "generate.mjs");

/** Whether the papers of this demo can be made here: in the repository, and not in the package. */
export const hasExpensesGenerator = (): boolean => existsSync(GENERATOR);

async function generate(papers: string): Promise<Omit<GeneratedSet, "files"> & { papers: string }> {
  if (!hasExpensesGenerator()) {
    throw new UsageError(
      "The example files of this demo are in the Headway repository, not in the package. Use your own: headway-api demo expenses FOLDER.",
    );
  }
  const { generateExpenses } = (await import(pathToFileURL(GENERATOR).href)) as {
    readonly generateExpenses: (options: typeof GENERATED) => Promise<GeneratedSet>;
  };
  const { files, aliases, rates } = await generateExpenses(GENERATED);
  await rm(papers, { recursive: true, force: true });
  await mkdir(papers, { recursive: true });
  for (const { name, bytes } of files) await writeFile(path.join(papers, name), bytes);
  return { papers, aliases, rates };
}

async function show(end: DemoEnd): Promise<object> {
  const [csv, xlsx] = await saveArtifacts(end, ["report.csv", "report.xlsx"]);
  if (csv === undefined) {
    say("\n  There is no report, because the collection stages failed; see above.");
    return {};
  }
  const { parse } = await import("csv-parse/sync");
  const rows: ReportRow[] = parse(await readFile(csv), { bom: true, columns: true });
  const of = (record: string, status = /^/): ReportRow[] =>
    rows.filter((row) => row.record === record && status.test(row.status!));
  const [lines, receipts] = [of("line"), of("receipt")];
  say(`\n  The report: ${counted(lines.length, "line")}, ${counted(receipts.length, "receipt")}`);
  showTotals("by employee", "employee", of("employee total"));
  showTotals("by category", "category", of("category total"));
  showTotals("in all", "currency", of("total"));
  const matched = of("receipt", /^matched$/);
  showRows(
    "receipts matched to their lines",
    ["document", "date", "amount", "currency", "counterpart", "score"],
    matched,
  );
  const unmatched = of("receipt", /^unmatched/);
  showRows("receipts without a line", ["document", "date", "amount", "currency", "description", "status"], unmatched);
  const bare = of("line", /^(?!matched)/);
  showRows("lines without a receipt", ["document", "row", "date", "amount", "currency", "description", "status"], bare);
  showFlags([...lines, ...receipts]);
  say(`\n  Open it: ${xlsx}`);
  return { lines: lines.length, receipts: receipts.length, matched: matched.length, unmatched: unmatched.length };
}

function showTotals(what: string, column: string, rows: readonly ReportRow[]): void {
  say(`\n  totals ${what}`);
  const columns = [...new Set([column, "currency", "amount", "description"])];
  const cell = (row: ReportRow, name: string): string =>
    name === "amount" ? row.amount!.padStart(12) : plain(row[name]!);
  const heads: Readonly<Record<string, string>> = { amount: "amount".padStart(12), description: "of" };
  say(
    table(
      columns.map((name) => heads[name] ?? name),
      rows.map((row) => columns.map((name) => cell(row, name))),
    ),
  );
}

function showRows(what: string, columns: readonly string[], rows: readonly ReportRow[]): void {
  if (rows.length === 0) return;
  const more = rows.length > SHOWN ? `, the first ${SHOWN}` : "";
  say(`\n  ${rows.length} ${what}${more}`);
  const cell = (row: ReportRow, column: string): string =>
    column === "amount" ? row.amount!.padStart(10) : shortened(plain(row[column]!));
  say(
    table(
      columns.map((column) => (column === "amount" ? column.padStart(10) : column)),
      rows.slice(0, SHOWN).map((row) => columns.map((column) => cell(row, column))),
    ),
  );
}

function showFlags(rows: readonly ReportRow[]): void {
  const counts = new Map<string, number>();
  for (const flag of rows.flatMap(({ flags }) => (flags ? flags.split("; ") : []))) {
    counts.set(flag, (counts.get(flag) ?? 0) + 1);
  }
  if (counts.size === 0) return;
  say("\n  flags");
  say(
    table(
      ["flag", "rows"],
      [...counts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([flag, count]) => [flag, String(count)]),
    ),
  );
}

function shortened(text: string): string {
  return text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT - 1)}…` : text;
}
