// npm start, npm run demo: makes everything ready, then becomes the command line with the arguments given. It is one
// process, so that nothing forwards a signal that has arrived by itself, or lives on after its server.
import { readFileSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { ready, ROOT } from "./ready.mjs";

/** npm and its shell end without a word to what they have started; who looks this often is not left alone for long. */
const LOOK_MS = 500;

ready();
if (process.env.npm_lifecycle_event !== undefined) endWith(process.ppid);
process.setSourceMapsEnabled(true);
const main = path.join(ROOT, "dist", "src", "cli", "main.js");
process.argv = [process.execPath, main, ...process.argv.slice(2)];
await import(pathToFileURL(main).href);

/** Stops this process in order, as after a terminal has closed, once npm or the shell in between has gone. */
function endWith(shell) {
  const npm = parentOf(shell);
  const looking = setInterval(() => {
    if (process.ppid === shell && (npm === null || parentOf(shell) === npm)) return;
    clearInterval(looking);
    process.kill(process.pid, "SIGHUP");
  }, LOOK_MS);
  looking.unref();
}

/** Null where there is no /proc to ask: then only the end of the shell is noticed. */
function parentOf(pid) {
  try {
    // The name of the program, in brackets, may hold anything; the state and the parent come after the last bracket.
    return Number(
      readFileSync(`/proc/${pid}/stat`, "utf8")
        .replace(/^.*\) /s, "")
        .split(" ")[1],
    );
  } catch {
    return null;
  }
}
