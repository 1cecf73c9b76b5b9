// npm run bench [-- NAME …]: makes everything ready, finds or installs Redis, and measures.
import { spawn } from "node:child_process";
import path from "node:path";
import { readyWithRedis } from "./run-jest.mjs";
import { ROOT } from "./ready.mjs";

await readyWithRedis();
const main = path.join(ROOT, "dist", "bench", "main.js");
const child = spawn(process.execPath, ["--enable-source-maps", main, ...process.argv.slice(2)], {
  cwd: ROOT,
  stdio: "inherit",
});
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => child.kill(signal));
child.on("exit", (code) => process.exit(code ?? 1));
