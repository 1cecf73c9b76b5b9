// What is made from schema/schema.graphql: the client's and the console's operations, Relay's files, and the types
// of the codegen example and of the web app's.
import { spawnSync } from "node:child_process";
import path from "node:path";
import { ROOT } from "./ready.mjs";

/** @type {[folder: string, script: string, args: string[]][]} */
const STEPS = [
  [".", "scripts/generate-console.mjs", []],
  [".", "scripts/generate-operations.mjs", []],
  ["examples/clients/relay", "node_modules/relay-compiler/cli.js", ["--output", "quiet-with-errors"]],
  ["examples/clients/codegen", "examples/clients/codegen/generate.mjs", []],
  ["examples/web/src", "examples/clients/codegen/generate.mjs", ["operations.ts", "operations.graphql"]],
];

for (const [folder, script, args] of STEPS) {
  const cwd = path.join(ROOT, folder);
  const command = [path.join(ROOT, script), ...args];
  const { status } = spawnSync(process.execPath, command, { cwd, stdio: ["ignore", "inherit", "inherit"] });
  if (status === 0) continue;
  console.error(`${script} failed in ${folder}: its operations and schema/schema.graphql don't agree; see above.`);
  process.exit(1);
}
