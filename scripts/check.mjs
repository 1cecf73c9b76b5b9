// npm run check: types, lint, format, and the tests that hold the layout and the emitted files. All steps run.
import { spawnSync } from "node:child_process";
import path from "node:path";
import { ready, ROOT } from "./ready.mjs";

const bin = (name) => path.join(ROOT, "node_modules", ".bin", name);
/** @type {[name: string, command: string, args: string[]][]} */
const STEPS = [
  ["types", bin("tsc"), ["--noEmit"]],
  ["types of the console", bin("tsc"), ["-p", "src/console"]],
  ["types of the codegen example", bin("tsc"), ["--noEmit", "-p", "examples/clients/codegen"]],
  ["types of the web app", bin("tsc"), ["-p", "test/examples/web.tsconfig.json"]],
  [
    "lint",
    bin("oxlint"),
    ["--type-aware", "--deny-warnings", "src", "test", "bench", "build", "scripts", "examples", "ormconfig.ts"],
  ],
  ["format", bin("prettier"), ["--check", "--log-level", "warn", "."]],
  [
    "layout and emitted files",
    process.execPath,
    [
      path.join(ROOT, "scripts", "test.mjs"),
      "test/(architecture|docs\\.unit|docs-code|reference|words|schema|contract|examples/generated|console/generated)",
    ],
  ],
];

ready();
let failed = 0;
for (const [name, command, args] of STEPS) {
  const startedAt = performance.now();
  const { status } = spawnSync(command, args, { cwd: ROOT, stdio: ["ignore", "inherit", "inherit"] });
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  console.log(`${status === 0 ? "ok    " : "FAILED"} ${name} (${seconds} s)`);
  if (status !== 0) failed += 1;
}
process.exit(failed === 0 ? 0 : 1);
