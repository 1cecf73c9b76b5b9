// npm run docs: the documentation as a static site with search, in docs/.vitepress/dist. Its tools are in docs/package.json
// and are installed now where they are not: nothing else needs them.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { ROOT } from "./ready.mjs";

const DOCS = path.join(ROOT, "docs");
const lock = readFileSync(path.join(DOCS, "package-lock.json"), "utf8");
const stamp = path.join(DOCS, "node_modules", ".headway-lock");

function run(command, args) {
  const { status, error } = spawnSync(command, args, { cwd: DOCS, stdio: "inherit" });
  if (status === 0) return;
  console.error(`${command} ${args.join(" ")} failed${error ? `: ${error.message}` : ` with code ${status}`}.`);
  process.exit(1);
}

if (!existsSync(stamp) || readFileSync(stamp, "utf8") !== lock) {
  run("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"]);
  writeFileSync(stamp, lock);
}
run(process.execPath, [path.join(DOCS, "node_modules", "vitepress", "bin", "vitepress.js"), "build", "."]);
console.log(`The site is in ${path.join("docs", ".vitepress", "dist")}; any web server can serve it.`);
