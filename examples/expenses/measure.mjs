// Measures how much of generated sets is extracted and matched rightly: node examples/expenses/measure.mjs [--lines 100,1000] [--seeds 1,2,3] [--pictures N]
// and how real files are read, against facts beside them: node examples/expenses/measure.mjs --files FOLDER [--currency EUR] [--verbose]
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { generateExpenses } from "./generate.mjs";
import { printFiles } from "./measure-files.mjs";

const built = (name) => import(new URL(`../../dist/src/pipelines/expenses/${name}.js`, import.meta.url).href);

/**
 * The figures of one set, read and matched in this process: { extraction: { recall, precision }, matching: { recall,
 * precision }, wrong } where `wrong` shows the first of each kind of mistake. A line counts as extracted when date, text,
 * amount, currency, employee and original amount are all as they were; a receipt when date, amount and currency are.
 */
export async function measure(set) {
  const ledger = await readSet(set);
  const { matchLedger } = await built("match/match-ledger");
  const match = matchLedger(ledger, { windowDays: 7, exchangeRates: set.rates });
  const wrong = [];
  const extraction = extractionOf(set, ledger, wrong);
  const matching = matchingOf(set, match, wrong);
  return { extraction, matching, duplicates: duplicatesOf(set, match), wrong };
}

export async function readSet({ files, aliases }) {
  const [{ readDocument }, { detectExpense }, { aliasesOf, Employees }] = await Promise.all([
    built("read/read-document"),
    built("read/media-types"),
    built("employees"),
  ]);
  const employees = new Employees(aliasesOf({}, aliases));
  const ledger = { lines: [], receipts: [] };
  for (const { name, bytes } of files) {
    const mediaType = await detectExpense(bytes, name);
    const found = await readDocument(
      { bytes, mediaType, name, role: null },
      { currency: null, employee: null, dateOrder: "auto", statements: [] },
    ).catch((error) => ({ role: "failed", error }));
    if (found.role === "receipt") ledger.receipts.push({ ...found.receipt, id: name, name, sha256: null });
    for (const line of found.lines ?? []) {
      ledger.lines.push({
        ...line,
        id: `${name}#${line.row}`,
        statement: name,
        category: "",
        employee: employees.nameOf(line.employee),
      });
    }
  }
  return ledger;
}

function extractionOf({ statements, receipts }, ledger, wrong) {
  let [right, expected, found] = [0, 0, 0];
  for (const [name, lines] of Object.entries(statements)) {
    const left = new Map();
    for (const line of ledger.lines.filter(({ statement }) => statement === name)) {
      found += 1;
      left.set(keyOf(line), (left.get(keyOf(line)) ?? 0) + 1);
    }
    for (const line of lines) {
      expected += 1;
      const key = keyOf(flat(line));
      if ((left.get(key) ?? 0) > 0) {
        left.set(key, left.get(key) - 1);
        right += 1;
      } else
        wrong.push(
          `${name} lacks ${key}; it has ${[...left]
            .filter(([, count]) => count > 0)
            .map(([other]) => other)
            .slice(0, 2)
            .join(" and ")}`,
        );
    }
  }
  const byName = new Map(ledger.receipts.map((receipt) => [receipt.name, receipt]));
  for (const [name, truth] of Object.entries(receipts)) {
    expected += 1;
    const receipt = byName.get(name);
    if (!receipt) continue;
    found += 1;
    if (receipt.date === truth.date && receipt.amountMinor === truth.amountMinor && receipt.currency === truth.currency)
      right += 1;
    else wrong.push(`${name} is ${JSON.stringify(truth)}, read as ${JSON.stringify(receipt)}`);
  }
  return { recall: right / expected, precision: right / found, expected, found };
}

function flat({ original, ...line }) {
  return original ? { ...line, originalAmountMinor: original.amountMinor, originalCurrency: original.currency } : line;
}

function keyOf({
  date,
  description,
  amountMinor,
  currency,
  employee,
  originalAmountMinor = null,
  originalCurrency = null,
}) {
  return JSON.stringify([date, description, amountMinor, currency, employee, originalAmountMinor, originalCurrency]);
}

/** Which of two receipts of one purchase is matched is one; so is which of two lines that two statements have. */
function matchingOf({ pairs, receipts, undecidable }, { matches, duplicateLines }, wrong) {
  const copyOf = new Map(duplicateLines.map(({ id, of }) => [id, of]));
  const truth = new Map(pairs.map(({ receipt, statement, row }) => [receipt, `${statement}#${row}`]));
  const rightful = (receipt) => truth.get(receipts[receipt]?.copyOf ?? receipt);
  const undecided = new Set(undecidable);
  const matched = new Set();
  let right = 0;
  for (const { receipt, line } of matches) {
    const purchase = receipts[receipt].copyOf ?? receipt;
    const wanted = rightful(receipt);
    if (line === wanted || line === copyOf.get(wanted)) {
      right += 1;
      if (!undecided.has(purchase)) matched.add(purchase);
    } else wrong.push(`${receipt} ${JSON.stringify(receipts[receipt])} was matched to ${line} instead of ${wanted}`);
  }
  const decidable = [...truth.keys()].filter((receipt) => !undecided.has(receipt));
  for (const receipt of decidable)
    if (!matched.has(receipt))
      wrong.push(`${receipt} ${JSON.stringify(receipts[receipt])} was not matched to ${truth.get(receipt)}`);
  return {
    recall: matched.size / Math.max(1, decidable.length),
    precision: right / Math.max(1, matches.length),
    expected: decidable.length,
    found: matches.length,
    undecidable: undecided.size,
  };
}

function duplicatesOf({ statements, receipts }, { duplicateLines, duplicateReceipts }) {
  const again = Object.entries(statements).filter(([name]) => name.includes("-again-"));
  const lines = again.reduce(
    (sum, [, all]) => sum + all.filter(({ date, amountMinor }) => date && amountMinor !== null).length,
    0,
  );
  const copies = Object.values(receipts).filter((receipt) => receipt.copyOf).length;
  return { lines: [duplicateLines.length, lines], receipts: [duplicateReceipts.length, copies] };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({
    options: {
      lines: { type: "string", default: "100" },
      seeds: { type: "string", default: "1,2,3" },
      pictures: { type: "string" },
      noise: { type: "string", default: "clean,noisy" },
      wrong: { type: "string", default: "0" },
      files: { type: "string" },
      currency: { type: "string" },
      verbose: { type: "boolean", default: false },
    },
  });
  if (values.files) {
    await printFiles(values.files, { currency: values.currency ?? null, isVerbose: values.verbose });
    process.exit(0);
  }
  const percent = (share) => `${(share * 100).toFixed(2)} %`.padStart(9);
  console.log("set    lines seed  items   extraction: recall precision   matching: recall precision   pairs  seconds");
  for (const noise of values.noise.split(",")) {
    for (const lines of values.lines.split(",").map(Number)) {
      for (const seed of values.seeds.split(",").map(Number)) {
        const set = await generateExpenses({
          lines,
          seed,
          noise,
          ...(values.pictures ? { pictures: Number(values.pictures) } : {}),
        });
        const startedAt = performance.now();
        const { extraction, matching, duplicates, wrong } = await measure(set);
        const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
        console.log(
          `${noise.padEnd(6)} ${String(lines).padStart(5)} ${String(seed).padStart(4)} ${String(extraction.expected).padStart(6)}   ${" ".repeat(11)} ${percent(extraction.recall)} ${percent(extraction.precision)}   ${" ".repeat(8)} ${percent(matching.recall)} ${percent(matching.precision)}  ${String(matching.expected).padStart(6)} ${seconds.padStart(8)}`,
          `duplicate lines ${duplicates.lines.join("/")}, receipts ${duplicates.receipts.join("/")}`,
        );
        for (const line of wrong.slice(0, Number(values.wrong))) console.log(`    ${line}`);
      }
    }
  }
}
