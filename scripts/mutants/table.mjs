import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import * as prettier from "prettier";
import { ROOT } from "../ready.mjs";
import { MUTANTS } from "./all.mjs";

const PAGE = path.join(ROOT, "docs", "testing.md");
const BETWEEN = /(?<=<!-- mutants -->\n)[\s\S]*?(?=<!-- \/mutants -->)/;

const cell = (text) => text.replaceAll("|", "\\|").replaceAll("\n", " ");
const keyOf = ({ file, what }) => `${file} | ${cell(what)}`;

/** Writes the outcomes into the page's table; those of mutants that were not run stay. */
export async function writeTable(outcomes) {
  const page = readFileSync(PAGE, "utf8");
  const [table] = BETWEEN.exec(page) ?? [];
  if (table === undefined) throw new Error("docs/testing.md has no table of mutants between its two marks.");
  const known = new Map(
    [...table.matchAll(/^\| (\S+\.(?:sql|ts)) +\| (.*?) +\| (.*?) +\|$/gm)].map(([, file, what, end]) => [
      `${file} | ${what}`,
      end,
    ]),
  );
  for (const { mutant, outcome } of outcomes) {
    const lives = mutant.harmless === undefined ? "**lives**" : `lives, and does no harm: ${mutant.harmless}`;
    known.set(keyOf(mutant), cell(outcome.by === null ? lives : outcome.by));
  }
  const rows = MUTANTS.filter((mutant) => known.has(keyOf(mutant))).map(
    (mutant) => `| ${keyOf(mutant)} | ${known.get(keyOf(mutant))} |`,
  );
  const text = [
    "",
    "| file | what is wrong then | the test that notices |",
    "| --- | --- | --- |",
    ...rows,
    "",
    "",
  ].join("\n");
  const config = await prettier.resolveConfig(PAGE);
  writeFileSync(
    PAGE,
    await prettier.format(
      page.replace(BETWEEN, () => text),
      { ...config, filepath: PAGE },
    ),
  );
}
