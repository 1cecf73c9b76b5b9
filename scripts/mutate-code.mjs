// npm run mutate:code [-- WORD …]: breaks the code line by line, as scripts/mutants/ lists it, and runs the tests that must
// notice; with words, only the mutants whose file or description has one of them. Writes the table of docs/testing.md, and
// ends with 1 where a mutant lives that is not said to be harmless.
//
// Nothing in the tree is changed. SQL is replaced in the template that every test's database is copied from; TypeScript in
// a copy of the build. One Postgres serves the whole run.
import { spawnSync } from "node:child_process";
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { MUTANTS, placesOf } from "./mutants/all.mjs";
import { ROOT, ready } from "./ready.mjs";
import { writeTable } from "./mutants/table.mjs";

/** A test that waits for what a mutant keeps from coming waits no longer than this. */
const PATIENCE_MS = "20000";
const RUN_DEADLINE_MS = 240_000;

const words = process.argv.slice(2);
const chosen = MUTANTS.filter(
  ({ file, what }) => words.length === 0 || words.some((word) => `${file} ${what}`.includes(word)),
);
if (chosen.length === 0) {
  console.error(`No mutant has ${words.join(" or ")} in its file or description.`);
  process.exit(2);
}

ready();
const dist = (...parts) => path.join(ROOT, "dist", ...parts);
const { default: setUp } = await import(pathToFileURL(dist("test", "support", "global-setup.js")).href);
const { default: tearDown } = await import(pathToFileURL(dist("test", "support", "global-teardown.js")).href);
const pg = createRequire(path.join(ROOT, "package.json"))("pg");

/** Ctrl-C ends the run behind the mutant that is tried: what is known is written, and Postgres is stopped. */
let isStopped = false;
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => (isStopped = true));

const workshop = mkdtempSync(path.join(tmpdir(), "headway-mutants-"));
let failed = 0;
try {
  await setUp();
  furnish();
  const outcomes = [];
  const baselines = new Map();
  for (const mutant of chosen) {
    await nextTurn();
    if (isStopped) break;
    const startedAt = performance.now();
    const key = mutant.tests.join(" ");
    // A test that fails without a mutant says nothing of one.
    if (!baselines.has(key)) baselines.set(key, run(mutant.tests));
    const outcome = baselines.get(key).isPassed
      ? await outcomeOf(mutant).catch((error) => ({ by: null, wrong: error.message }))
      : { by: null, wrong: `${key} fails without it` };
    const isWrong = outcome.wrong !== undefined || (outcome.by === null && mutant.harmless === undefined);
    if (isWrong) failed += 1;
    if (outcome.wrong === undefined) outcomes.push({ mutant, outcome });
    const seconds = ((performance.now() - startedAt) / 1_000).toFixed(0);
    const end = outcome.wrong ?? outcome.by ?? (isWrong ? "lives" : `lives, and does no harm: ${mutant.harmless}`);
    console.log(`${isWrong ? "WRONG " : "ok    "} ${mutant.file}: ${mutant.what} — ${end} (${seconds} s)`);
  }
  await writeTable(outcomes);
  console.log(
    `${outcomes.length} mutants of ${chosen.length}, ${failed} of them alive and unexplained, or not to be told.`,
  );
} finally {
  await tearDown();
  rmSync(workshop, { recursive: true, force: true });
}
process.exit(failed === 0 ? 0 : 1);

/** The tree as tests need it, with a build of its own. */
function furnish() {
  for (const name of readdirSync(ROOT)) {
    if (name === "dist" || name === ".git" || name === ".ready-lock") continue;
    if (name === "jest.config.mjs") copyFileSync(path.join(ROOT, name), path.join(workshop, name));
    else symlinkSync(path.join(ROOT, name), path.join(workshop, name));
  }
  cpSync(dist(), path.join(workshop, "dist"), { recursive: true });
}

async function outcomeOf(mutant) {
  const { text, mutated } = placesOf(ROOT, mutant);
  if (mutant.file.endsWith(".sql")) {
    await inTemplate(mutated);
    try {
      return verdict(mutant);
    } finally {
      await inTemplate(text);
    }
  }
  const built = path.join(workshop, "dist", mutant.file.replace(/\.ts$/, ".js"));
  const before = readFileSync(built, "utf8");
  writeFileSync(
    built,
    placesOf(path.join(workshop, "dist"), { ...mutant, file: mutant.file.replace(/\.ts$/, ".js") }).mutated,
  );
  try {
    return verdict(mutant);
  } finally {
    writeFileSync(built, before);
  }
}

/** `by`: the title of the test that fails; `wrong`: why nobody knows. */
function verdict({ tests }) {
  const { isPassed, by, said } = run(tests);
  return !isPassed && by === null ? { by, wrong: `the tests can't be run: ${said.slice(0, 500)}` } : { by };
}

/** Runs these tests; `by` is the title of the first that fails. Without jest's --bail, which leaves no report behind. */
function run(tests) {
  const report = path.join(workshop, "report.json");
  rmSync(report, { force: true });
  const jest = path.join(ROOT, "node_modules", "jest", "bin", "jest.js");
  const { status, stderr, error } = spawnSync(
    process.execPath,
    [
      "--experimental-vm-modules",
      "--no-warnings=ExperimentalWarning",
      jest,
      "--config",
      path.join(workshop, "jest.config.mjs"),
      "--runInBand",
      "--forceExit",
      "--silent",
      "--json",
      "--outputFile",
      report,
      ...tests,
      "--selectProjects",
      "unit",
      "db",
      "faults",
    ],
    {
      cwd: workshop,
      encoding: "utf8",
      timeout: RUN_DEADLINE_MS,
      maxBuffer: 64 * 1024 * 1024,
      env: { ...process.env, HEADWAY_TEST_PATIENCE_MS: PATIENCE_MS, HEADWAY_TEST_FAULTS: "all" },
    },
  );
  if (error?.code === "ETIMEDOUT") return { isPassed: false, by: "the tests do not end any more", said: "" };
  if (status === 0) return { isPassed: true, by: null, said: "" };
  const { testResults } = existsSync(report) ? JSON.parse(readFileSync(report, "utf8")) : { testResults: [] };
  const titles = testResults.flatMap(({ assertionResults }) =>
    assertionResults.filter((one) => one.status === "failed").map(({ fullName }) => fullName),
  );
  return { isPassed: false, by: titles[0] ?? null, said: stderr };
}

/** Replaces a function in the template, which nobody may be connected to when it is copied. */
async function inTemplate(sql) {
  const url = new URL(process.env.HEADWAY_TEST_DATABASE_URL);
  url.pathname = "/headway_template";
  const client = new pg.Client({ connectionString: url.href });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
