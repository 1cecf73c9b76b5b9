// Measures how real files are read, against facts beside them. Called by measure.mjs with --files FOLDER.
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { parse } from "csv-parse/sync";

const built = (name) => import(new URL(`../../dist/src/pipelines/expenses/${name}.js`, import.meta.url).href);
const FACTS = ".facts.csv";
/** What is told and is no doubt of a value that was read. */
const TOLD = new Set(["NOT_COUNTED", "CURRENCY_ASSUMED", "AMOUNT_ROUNDED", "FEE_ADDED"]);

/**
 * How the files of a folder are read. Beside NAME stands NAME.facts.csv with the columns date, amount and currency, a row a
 * line of the statement, charges positive; a receipt has one row and, in a column `kind`, the word receipt; its columns
 * `seller` and `tax` are compared where they are there and filled. An empty cell is a value that the file does not tell. A
 * column `default` is the currency that who sends the file sets as the job's own.
 * Yields { name, kind, outcome, lines, why } a file: `outcome` and each count of `lines` is right, flagged, wrong (and
 * nothing says so) or refused.
 */
export async function* measureFiles(folder, { currency = null } = {}) {
  const names = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith(FACTS)).sort();
  for (const facts of names) {
    const name = facts.slice(0, -FACTS.length);
    const rows = parse(await readFile(path.join(folder, facts)), { columns: true, skip_empty_lines: true, trim: true });
    yield { name, ...(await measureFile(path.join(folder, name), rows, rows[0]?.default || currency)) };
  }
}

async function measureFile(file, facts, currency) {
  const [{ readDocument }, { detectExpense }, { minorDigits }] = await Promise.all([
    built("read/read-document"),
    built("read/media-types"),
    built("money"),
  ]);
  const wanted = facts.map((row) => ({
    ...row,
    date: row.date || null,
    currency: row.currency || currency,
    amountMinor: row.amount === "" ? null : toMinor(row.amount, minorDigits(row.currency || currency)),
  }));
  const kind = wanted[0]?.kind === "receipt" ? "receipt" : "statement";
  const bytes = await readFile(file);
  const name = path.basename(file);
  try {
    const mediaType = await detectExpense(bytes, name);
    const found = await readDocument(
      { bytes, mediaType, name, role: null },
      { currency, employee: null, dateOrder: "auto", statements: [] },
    );
    if (found.role !== kind)
      return { kind, outcome: "wrong", lines: { wrong: wanted.length }, why: `read as a ${found.role}` };
    return { kind, ...(kind === "receipt" ? ofReceipt(found.receipt, wanted[0]) : ofStatement(found, wanted)) };
  } catch (error) {
    if (error.code === undefined) throw error;
    return {
      kind,
      outcome: wanted.length === 0 ? "right" : "refused",
      lines: { refused: wanted.length },
      why: error.code,
    };
  }
}

function toMinor(decimal, digits) {
  const minor = Math.round(Math.abs(Number(decimal)) * 10 ** digits);
  return decimal.startsWith("-") && minor !== 0 ? -minor : minor;
}

function ofReceipt(receipt, wanted) {
  const doubts = receipt.flags.filter((flag) => !TOLD.has(flag));
  const tax = (receipt.taxes ?? []).reduce((sum, { taxMinor }) => sum + taxMinor, 0);
  const off = ["date", "amountMinor", "currency"].filter((key) => receipt[key] !== wanted[key]);
  if (wanted.seller && receipt.merchant !== wanted.seller) off.push("seller");
  if (wanted.tax && tax !== toMinor(wanted.tax, 2)) off.push("tax");
  const silent = off.filter((key) => !isSaid(key, receipt) && !(key === "amountMinor" && doubts.length > 0));
  const outcome = off.length === 0 && doubts.length === 0 ? "right" : silent.length === 0 ? "flagged" : "wrong";
  const why = off.map(
    (key) => `${key} is ${wanted[key]}, read as ${key === "tax" ? tax : receipt[key === "seller" ? "merchant" : key]}`,
  );
  return { outcome, lines: { [outcome]: 1 }, off, why: [...why, ...doubts].join("; ") };
}

/** Whether the receipt says that it lacks this, or that it is in doubt. */
function isSaid(key, { incomplete, otherDate, flags }) {
  if (key === "amountMinor") return incomplete.includes("amount");
  if (key === "date") return incomplete.includes("date") || otherDate !== undefined;
  if (key === "currency") return incomplete.includes("currency") || flags.includes("CURRENCY_ASSUMED");
  return key === "seller" && incomplete.includes("merchant");
}

function ofStatement({ lines, facts }, wanted) {
  const left = new Map();
  for (const one of wanted) left.set(keyOf(one), (left.get(keyOf(one)) ?? 0) + 1);
  const ofFile = facts.evidence.flatMap(({ flag }) => (flag && !TOLD.has(flag) ? [flag] : []));
  const counts = { right: 0, flagged: 0, wrong: 0 };
  const why = [];
  for (const line of lines) {
    const key = keyOf(line);
    const isRight = (left.get(key) ?? 0) > 0;
    if (isRight) left.set(key, left.get(key) - 1);
    const doubts = [
      ...line.flags.filter((flag) => !TOLD.has(flag)),
      ...line.incomplete.filter((what) => isLacked(what, isRight)),
    ];
    counts[doubts.length > 0 ? "flagged" : isRight ? "right" : "wrong"] += 1;
    if (!isRight && doubts.length === 0) why.push(`row ${line.row} is read as ${key}`);
  }
  const missing = [...left].flatMap(([key, count]) => Array.from({ length: count }, () => key));
  const spareFlagged = Math.max(0, lines.length - counts.right - counts.wrong);
  // A line that was read otherwise, with a doubt, is none that was dropped.
  const dropped = missing.slice(Math.min(missing.length, spareFlagged + counts.wrong));
  counts[ofFile.includes("ROWS_NOT_READ") ? "flagged" : "wrong"] += dropped.length;
  if (missing.length > 0) why.push(`not found: ${missing[0]}`);
  const isDoubted = ofFile.length > 0 || counts.flagged > 0;
  const outcome = counts.wrong > 0 && ofFile.length === 0 ? "wrong" : isDoubted ? "flagged" : "right";
  return { outcome, lines: counts, dropped: dropped.length, why: [...why.slice(0, 3), ...new Set(ofFile)].join("; ") };
}

/** An employee and a text are nobody's facts here, and a currency that is nowhere told is rightly none. */
function isLacked(what, isRight) {
  return what !== "employee" && what !== "description" && !(what === "currency" && isRight);
}

function keyOf({ date, amountMinor, currency }) {
  return JSON.stringify([date, amountMinor, currency]);
}

/** The table of a folder, printed: how many files and lines were right, flagged, wrong and refused. */
export async function printFiles(folder, { currency, isVerbose }) {
  const total = new Map();
  for await (const one of measureFiles(folder, { currency })) {
    const of = total.get(one.kind) ?? { files: {}, lines: {}, count: 0, dropped: 0 };
    total.set(one.kind, of);
    of.count += 1;
    of.dropped += one.dropped ?? 0;
    of.files[one.outcome] = (of.files[one.outcome] ?? 0) + 1;
    for (const [outcome, count] of Object.entries(one.lines)) of.lines[outcome] = (of.lines[outcome] ?? 0) + count;
    if (isVerbose || one.outcome === "wrong") console.log(`${one.outcome.padEnd(8)} ${one.name}  ${one.why}`);
  }
  const all = ["right", "flagged", "wrong", "refused"];
  console.log(`${"".padEnd(20)} ${all.map((outcome) => outcome.padStart(14)).join("")}`);
  for (const [kind, { files, lines, count, dropped }] of total) {
    const sum = Object.values(lines).reduce((one, other) => one + other, 0);
    for (const [what, counts, of] of [
      ["files", files, count],
      ["lines", lines, sum],
    ]) {
      const cells = all.map((outcome) => `${counts[outcome] ?? 0} ${percent(counts[outcome] ?? 0, of)}`.padStart(14));
      console.log(`${`${kind} ${what}`.padEnd(20)} ${cells.join("")}`);
    }
    if (kind === "statement") console.log(`lines that are nowhere: ${dropped}`);
  }
}

function percent(part, of) {
  return `${((100 * part) / Math.max(1, of)).toFixed(1)} %`;
}
