// npm run test:faults: the whole fault suite, or with names (F26 F28) those alone, then a table of what was found.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { jest, readyWithRedis } from "./run-jest.mjs";

const names = process.argv.slice(2);
for (const name of names) {
  if (/^f\d{1,2}$/i.test(name)) continue;
  console.error(`"${name}" is no fault; give names such as F8, or none for the whole suite.`);
  process.exit(2);
}

await readyWithRedis();
const folder = mkdtempSync(path.join(tmpdir(), "headway-fault-report-"));
process.env.HEADWAY_TEST_FAULTS_REPORT = path.join(folder, "findings");
// By name one also gets those that take long or need more of the machine.
process.env.HEADWAY_TEST_FAULTS = names.length > 0 ? "on-demand" : "all";
const startedAt = performance.now();
const patterns = names.map((name) => `/faults/.*${name.toLowerCase().replace(/^f(\d)$/, "f0$1")}-`);
const status = jest(patterns, "faults");
printTable(findings());
console.log(
  `${status === 0 ? "All passed" : "FAILED"} in ${((performance.now() - startedAt) / 60_000).toFixed(1)} minutes.`,
);
rmSync(folder, { recursive: true });
process.exit(status);

function findings() {
  try {
    const lines = readFileSync(process.env.HEADWAY_TEST_FAULTS_REPORT, "utf8").trim().split("\n");
    return lines
      .map((line) => JSON.parse(line))
      .sort((a, b) => a.fault.localeCompare(b.fault, "en", { numeric: true }));
  } catch (error) {
    if (error.code === "ENOENT") return []; // No test came as far as its accounting.
    throw error;
  }
}

function printTable(found) {
  const header = ["fault", "what", "times", "jobs", "looks", "violations", "lost", "doubled", "recovery"];
  const rows = found.map((one) => [
    one.fault,
    one.what,
    one.times,
    one.jobs,
    one.looks,
    one.violations,
    one.lost,
    one.doubled,
    one.recoveryMs === null || one.recoveryMs === undefined ? "" : `${(one.recoveryMs / 1_000).toFixed(2)} s`,
  ]);
  console.log(`\n| ${header.join(" | ")} |\n|${header.map(() => "---").join("|")}|`);
  for (const row of rows) console.log(`| ${row.join(" | ")} |`);
  console.log();
}
