// npm start, npm run demo: makes everything ready, then runs the command line with the arguments given.
import { spawn } from "node:child_process";
import path from "node:path";
import { ready, ROOT } from "./ready.mjs";

ready();
const main = path.join(ROOT, "dist", "src", "cli", "main.js");
const child = spawn(process.execPath, ["--enable-source-maps", main, ...process.argv.slice(2)], { stdio: "inherit" });
// On a terminal Ctrl-C, and its closing, reach the child by themselves; here they only must not end us before the child.
for (const signal of ["SIGINT", "SIGHUP"]) {
  process.on(signal, () => {
    if (!process.stdin.isTTY) child.kill(signal);
  });
}
process.on("SIGTERM", () => child.kill("SIGTERM"));
child.on("exit", (code, signal) => {
  process.exitCode = code ?? (signal === "SIGINT" ? 130 : 1);
});
