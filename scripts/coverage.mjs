// npm run coverage: runs the tests as npm test does and prints how much of src they went through, in jest's workers and in
// every process that a test starts. A process that is killed writes nothing, so what only such processes run is missing.
// Ends with 1 when a test fails or the whole run is below the floor; with arguments, which go to jest, there is no floor.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { ROOT } from "./ready.mjs";

/** Percent of the lines of the files of src that were loaded. The unit tests alone reach 74.8, so a whole run below this is broken. */
const FLOOR = 70;

const args = process.argv.slice(2);
const whole = args.length === 0;
const folder = mkdtempSync(path.join(tmpdir(), "headway-coverage-"));
const run = (file, more, env = {}) =>
  spawnSync(process.execPath, [file, ...more], {
    cwd: ROOT,
    stdio: ["ignore", "inherit", "inherit"],
    env: { ...process.env, ...env },
  }).status ?? 1;

try {
  // Node hands the variable on to every child, whatever environment the child is given.
  const tests = run(path.join(ROOT, "scripts", "test.mjs"), args, { NODE_V8_COVERAGE: folder });
  const report = run(path.join(ROOT, "node_modules", "c8", "bin", "c8.js"), [
    "report",
    "--temp-directory",
    folder,
    "--merge-async",
    "--include",
    "dist/src/**",
    "--exclude",
    "",
    "--reporter",
    "text",
    "--reporter",
    "text-summary",
    ...(whole ? ["--check-coverage", "--lines", String(FLOOR)] : []),
  ]);
  process.exitCode = tests === 0 && report === 0 ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
