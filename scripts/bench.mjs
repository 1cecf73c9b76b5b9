// npm run bench [-- NAME …]: makes everything ready, finds or installs Redis, and a Chromium where the console is measured.
import { spawn } from "node:child_process";
import path from "node:path";
import { readyWithRedis, withChromium } from "./run-jest.mjs";
import { ROOT } from "./ready.mjs";

await readyWithRedis();
if (process.argv.slice(2).some((name) => name.toLowerCase() === "console")) await withChromium();
const main = path.join(ROOT, "dist", "bench", "main.js");
const child = spawn(process.execPath, ["--enable-source-maps", main, ...process.argv.slice(2)], {
  cwd: ROOT,
  stdio: "inherit",
});
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => child.kill(signal));
child.on("exit", (code) => process.exit(code ?? 1));
