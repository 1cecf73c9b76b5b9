import { mkdir, readFile, writeFile } from "node:fs/promises";
import { cpus, release, totalmem } from "node:os";
import path from "node:path";
import Table from "cli-table3";
import { messageOf } from "../src/errors.js";
import { ROOT } from "../test/support/processes.js";
import { notRun, type Bench, type Row } from "./bench.js";
import { commitsPerSecond, startServers, withClient } from "./servers.js";

const RESULTS = path.join(ROOT, "bench", "results.json");
const PACKAGES = ["bull", "bullmq", "graphile-worker", "pg-boss", "pg", "typeorm", "graphql-ws", "@apollo/server"];

/**
 * Runs the named benches, or all that are not on demand; prints their table, and writes it with the machine, the
 * versions and the date to bench/results.json, where other benches' lines of earlier runs stay.
 * @returns the exit code: 0, also where a bar was missed; 1 when a bench could not begin; 2 for a name that is none
 */
export async function runBenches(benches: readonly Bench[], names: readonly string[]): Promise<number> {
  const unknown = names.filter((name) => !benches.some((bench) => sameName(bench.name, name)));
  if (unknown.length > 0) {
    const known = benches.map(
      ({ name, about, onDemand }) => `  ${name.padEnd(10)} ${about}${onDemand ? " (on demand)" : ""}`,
    );
    console.error(`There is no bench "${unknown.join('", "')}". There are:\n${known.join("\n")}`);
    return 2;
  }
  const chosen = benches.filter(({ name, onDemand }) =>
    names.length === 0 ? !onDemand : names.some((wanted) => sameName(wanted, name)),
  );
  const machine = await describeMachine();
  console.log(
    `${machine.cpus} × ${machine.cpu}, ${machine.memoryGiB} GiB, ${machine.commitsPerSecond} one-row commits a second`,
  );
  const rows: Row[] = [];
  let failures = 0;
  for (const bench of chosen) {
    console.log(`\n${bench.name}: ${bench.about}`);
    const startedAt = performance.now();
    try {
      rows.push(...(await bench.run((line) => console.log(`  ${line}`))));
    } catch (error) {
      failures += 1;
      rows.push(notRun(bench.name, bench.about, messageOf(error)));
      console.error(`  ${bench.name} could not be run: ${messageOf(error)}`);
    }
    console.log(`  took ${((performance.now() - startedAt) / 1_000).toFixed(0)} s`);
    await keep({ machine, rows });
  }
  console.log(`\n${tableOf(rows)}`);
  console.log(`Written to ${path.relative(process.cwd(), RESULTS)}.`);
  return failures === 0 ? 0 : 1;
}

function sameName(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}

interface Results {
  readonly machine: Awaited<ReturnType<typeof describeMachine>>;
  readonly rows: readonly Row[];
}

/** Replaces the lines of the benches that have been run; those of others stand, each with the machine of its run. */
async function keep({ machine, rows }: Results): Promise<void> {
  type Kept = Row & { readonly measuredAt: string };
  const before = await readFile(RESULTS, "utf8").then(
    (text) => (JSON.parse(text) as { rows: Kept[] }).rows,
    () => [],
  );
  const ran = new Set(rows.map(({ bench }) => bench));
  const kept = before.filter(({ bench }) => !ran.has(bench));
  const all = [...kept, ...rows.map((row) => ({ ...row, measuredAt: machine.date }))];
  all.sort((a, b) => a.bench.localeCompare(b.bench, "en", { numeric: true }));
  await mkdir(path.dirname(RESULTS), { recursive: true });
  await writeFile(RESULTS, `${JSON.stringify({ machine, rows: all }, null, 2)}\n`);
}

/** The table as it is printed, and shown in docs/performance.md. */
export function tableOf(rows: readonly Row[]): string {
  const table = new Table({
    head: ["", "measure", "ours", "beside it", "theirs", "ratio", "bar", "met", "note"],
    style: { head: [], border: [] },
    wordWrap: true,
    colWidths: [null, 34, null, 30, null, null, null, null, 44],
  });
  for (const { bench, measure, ours, peer, theirs, bar, met, note } of rows) {
    table.push([
      bench,
      measure,
      ours === null ? "not run" : figure(ours),
      peer,
      theirs === null ? (peer === "" ? "" : "not run") : figure(theirs),
      ours === null || theirs === null ? "" : `${(ours / theirs).toFixed(2)} ×`,
      bar,
      met === null ? "" : met ? "yes" : "NO",
      note,
    ]);
  }
  return table.toString();
}

function figure(value: number): string {
  return value >= 100 ? Math.round(value).toLocaleString("en") : value.toFixed(value >= 10 ? 1 : 2);
}

/** What the figures hang on. The rate of commits is measured anew each time, for a machine is not always as fast. */
async function describeMachine() {
  const servers = await startServers();
  try {
    const url = await servers.database();
    const postgres = await withClient(
      url,
      async (db) => (await db.query("select version()")).rows[0].version as string,
    );
    const commits = Math.round(await commitsPerSecond(url));
    return {
      date: new Date().toISOString(),
      cpus: cpus().length,
      cpu: cpus()[0]?.model.trim() || "unnamed core",
      memoryGiB: Math.round(totalmem() / 2 ** 30),
      kernel: release(),
      node: process.version,
      postgres: postgres.split(" on ")[0]!,
      postgresSettings: servers.settings,
      commitsPerSecond: commits,
      packages: Object.fromEntries(await Promise.all(PACKAGES.map(async (name) => [name, await versionOf(name)]))),
    };
  } finally {
    await servers.stop();
  }
}

async function versionOf(name: string): Promise<string> {
  const file = path.join(ROOT, "node_modules", name, "package.json");
  return (JSON.parse(await readFile(file, "utf8")) as { version: string }).version;
}
