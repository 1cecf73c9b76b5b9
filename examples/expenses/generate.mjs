// Makes statements and receipts with known truth: node examples/expenses/generate.mjs FOLDER [--lines N] [--seed N] [--noise clean|noisy] [--pictures N]
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { Random } from "./random.mjs";
import { RECEIPTS } from "./receipts.mjs";
import { LAYOUTS, LAYOUTS_OF } from "./statements.mjs";
import { EMPLOYEES, NOISE, purchasesOf, RATES } from "./world.mjs";

const LINES_OF_A_STATEMENT = 45;
/** So many purchases have their receipt. */
const WITH_RECEIPT = 0.7;

/**
 * A set of files and what is true of them: `statements` (a name: its lines), `receipts` (a name: what it says), `pairs`
 * (a receipt and the line it belongs to), `undecidable` (receipts nothing tells apart from another one's). The same
 * options give the same set.
 */
export async function generateExpenses({
  lines = 100,
  seed = 1,
  noise = "clean",
  pictures = Math.min(6, Math.round(lines * 0.02)),
}) {
  const random = new Random(seed);
  const set = { files: [], statements: {}, receipts: {}, pairs: [], undecidable: [], aliases: {}, rates: RATES };
  for (const { name, aliases } of EMPLOYEES) set.aliases[name] = aliases;
  const state = { set, random, noise: NOISE[noise], isNoisy: noise === "noisy", pictures, made: 0 };
  for (let left = lines; left > 0;) {
    const count = Math.min(left, LINES_OF_A_STATEMENT + random.int(-15, 15));
    left -= count;
    await addStatement(state, count);
  }
  await addStrangers(state, Math.round(lines * (state.isNoisy ? 0.05 : 0.02)));
  return set;
}

async function addStatement(state, count) {
  const { set, random, noise, isNoisy } = state;
  const currency = random.pick(["USD", "USD", "GBP", "EUR"]);
  const employee = random.pick(EMPLOYEES);
  const month = random.int(1, 6);
  const layout = random.pick(LAYOUTS_OF[currency]);
  const purchases = purchasesOf(random, { count, currency, employee, month, noise });
  const called = isNoisy ? random.pick([employee.name, ...employee.aliases]) : employee.name;
  const lines = purchases.map((purchase) => told(state, purchase, called));
  const { extension, bytes, shows } = await LAYOUTS[layout]({
    lines,
    employee: called,
    currency,
    month: String(month).padStart(2, "0"),
  });
  const name = `statement-${String(Object.keys(set.statements).length + 1).padStart(2, "0")}-${layout}.${extension}`;
  set.files.push({ name, bytes });
  set.statements[name] = lines.map((line) => ({
    date: line.date,
    description: layout === "printedPdf" ? line.description.slice(0, 38).trim() : line.description,
    amountMinor: line.amountMinor,
    currency,
    employee: shows.employee ? employee.name : null,
    ...(shows.original && line.original ? { original: line.original } : {}),
  }));
  await addReceipts(state, name, purchases, lines);
  if (random.chance(noise.duplicates * 2))
    await addOverlap(state, { name, layout, lines, called, currency, month, employee, shows });
}

/** A line as the statement tells it: with noise, something is missing. */
function told({ random, noise }, purchase, called) {
  const missing = random.chance(noise.missing) ? random.pick(["date", "amountMinor"]) : null;
  const line = { ...purchase, date: purchase.bookedOn, employee: called };
  return missing ? { ...line, [missing]: null } : line;
}

/** The end of a month comes again in the next export: lines that another statement has already. */
async function addOverlap({ set }, { layout, lines, called, currency, month, employee, shows }) {
  const part = lines.slice(-Math.max(3, Math.round(lines.length * 0.1)));
  const { extension, bytes } = await LAYOUTS[layout]({
    lines: part,
    employee: called,
    currency,
    month: String(month).padStart(2, "0"),
  });
  const name = `statement-${String(Object.keys(set.statements).length + 1).padStart(2, "0")}-again-${layout}.${extension}`;
  set.files.push({ name, bytes });
  set.statements[name] = part.map((line) => ({
    date: line.date,
    description: layout === "printedPdf" ? line.description.slice(0, 38).trim() : line.description,
    amountMinor: line.amountMinor,
    currency,
    employee: shows.employee ? employee.name : null,
    ...(shows.original && line.original ? { original: line.original } : {}),
  }));
}

async function addReceipts(state, statement, purchases, lines) {
  const { random, noise, set } = state;
  for (const [index, purchase] of purchases.entries()) {
    if (!random.chance(WITH_RECEIPT)) continue;
    const date = random.chance(noise.untellable) ? null : purchase.boughtOn;
    const paid = purchase.original ?? purchase;
    const { merchant, boughtOn: sentOn } = purchase;
    const receipt = { merchant, date, sentOn, amountMinor: paid.amountMinor, currency: paid.currency };
    const name = await addReceipt(state, receipt);
    // What the papers do not tell nobody can match: a line without its amount.
    if (lines[index].amountMinor !== null) set.pairs.push({ receipt: name, statement, row: index + 1 });
    if (random.chance(noise.duplicates)) await addReceipt(state, receipt, name);
  }
  set.undecidable.push(...alikeOf(set, statement, lines));
}

/** Receipts whose lines are the same in all that a receipt could tell: the same booking day, merchant and amount. */
function alikeOf({ pairs }, statement, lines) {
  const keyOf = ({ date, merchant, amountMinor }) => `${date} ${merchant} ${amountMinor}`;
  const counts = new Map();
  for (const line of lines) counts.set(keyOf(line), (counts.get(keyOf(line)) ?? 0) + 1);
  return pairs
    .filter((pair) => pair.statement === statement && counts.get(keyOf(lines[pair.row - 1])) > 1)
    .map(({ receipt }) => receipt);
}

/** @param copyOf the receipt that this one repeats, number and all, in another form */
async function addReceipt(state, receipt, copyOf = null) {
  const { set, random } = state;
  state.made += 1;
  const number = copyOf ? set.receipts[copyOf].number : String(10_000 + state.made * 7);
  const isPicture = state.pictures > 0 && state.made % 9 === 4 && receipt.currency !== "EUR";
  if (isPicture) state.pictures -= 1;
  const layouts =
    receipt.currency === "EUR" ? ["bonPdf", "invoicePdf", "mailEml"] : ["tillTxt", "tillTxt", "invoicePdf", "mailEml"];
  const layout = isPicture ? "pictureSvg" : random.pick(layouts);
  const { sentOn, ...said } = receipt;
  // An e-mail always has a date: the one on which it was sent.
  const shown = layout === "mailEml" ? { ...said, date: said.date ?? sentOn } : said;
  const { extension, bytes } = await RECEIPTS[layout](random, { ...said, sentOn, number });
  const name = `receipt-${String(state.made).padStart(4, "0")}.${extension}`;
  set.files.push({ name, bytes });
  set.receipts[name] = { ...shown, number, ...(copyOf ? { copyOf } : {}) };
  return name;
}

/** Receipts of what no statement has. */
async function addStrangers(state, count) {
  const { random, noise } = state;
  if (count === 0) return;
  const strangers = purchasesOf(random, {
    count,
    currency: "USD",
    employee: EMPLOYEES[0],
    month: 8,
    noise: { ...noise, abroad: 0 },
  });
  for (const { merchant, boughtOn, amountMinor, currency } of strangers)
    await addReceipt(state, { merchant, date: boughtOn, sentOn: boughtOn, amountMinor, currency });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      lines: { type: "string" },
      seed: { type: "string" },
      noise: { type: "string" },
      pictures: { type: "string" },
    },
  });
  const [folder] = positionals;
  if (!folder)
    throw new Error(
      "Name the folder to write to: node examples/expenses/generate.mjs FOLDER --lines 100 --seed 1 --noise noisy",
    );
  const numbers = Object.fromEntries(
    ["lines", "seed", "pictures"].flatMap((key) => (values[key] ? [[key, Number(values[key])]] : [])),
  );
  const { files, ...truth } = await generateExpenses({ ...numbers, ...(values.noise ? { noise: values.noise } : {}) });
  mkdirSync(folder, { recursive: true });
  for (const { name, bytes } of files) writeFileSync(path.join(folder, name), bytes);
  writeFileSync(path.join(folder, ".truth.json"), `${JSON.stringify(truth, null, 1)}\n`);
  console.log(`wrote ${files.length} files to ${folder}; what is true of them is in .truth.json`);
}
