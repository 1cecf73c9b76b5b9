// Installs from the lock file and builds, when either is not up to date. Plain Node: it runs before anything is installed.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const at = (...parts) => path.join(ROOT, ...parts);
const SOURCES = ["src", "test", "bench", "build", "ormconfig.ts", "tsconfig.json"];
/** What the console is built from, which takes no part in the rest. */
const PAGE_SOURCES = ["src/console", "src/client", "src/client.ts", "scripts/build-console.mjs"];

/** Brings node_modules and dist up to date; says what it does, one line each. Ends the process when it can't. */
export function ready() {
  const release = takeTurn();
  try {
    const lock = hashOf([readFileSync(at("package-lock.json"))]);
    if (stampOf(at("node_modules", ".headway-lock")) !== lock) {
      console.error("Installing dependencies from package-lock.json …");
      run("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"]);
      writeFileSync(at("node_modules", ".headway-lock"), lock);
    }
    const pages = hashOf([lock, ...PAGE_SOURCES.flatMap((name) => facts(at(name)))]);
    if (stampOf(at("dist", ".console-built")) !== pages) {
      console.error("Building the console …");
      run(process.execPath, [at("scripts", "build-console.mjs")]);
      writeFileSync(at("dist", ".console-built"), pages);
    }
    const sources = hashOf([lock, ...SOURCES.flatMap((name) => facts(at(name)))]);
    if (stampOf(at("dist", ".built")) !== sources) {
      console.error("Building …");
      for (const name of readdirSync(at("dist"))) {
        if (!/console/.test(name)) rmSync(at("dist", name), { recursive: true, force: true });
      }
      run(process.execPath, [at("node_modules", "typescript", "bin", "tsc"), "-p", at("tsconfig.json")]);
      // For npx headway, which runs the file itself.
      chmodSync(at("dist", "src", "cli", "main.js"), 0o755);
      writeFileSync(at("dist", ".built"), sources);
    }
  } finally {
    release();
  }
}

function run(command, args) {
  const { status, error } = spawnSync(command, args, { cwd: ROOT, stdio: ["ignore", "inherit", "inherit"] });
  if (status === 0) return;
  console.error(`${command} ${args.join(" ")} failed${error ? `: ${error.message}` : ` with code ${status}`}.`);
  process.exit(1);
}

/** Two starts at once must not build into each other: the second waits for the first, unless that one is dead. */
function takeTurn() {
  const folder = at(".ready-lock");
  for (;;) {
    try {
      mkdirSync(folder);
      writeFileSync(path.join(folder, "pid"), String(process.pid));
      return () => rmSync(folder, { recursive: true, force: true });
    } catch (error) {
      if (error.code !== "EEXIST") throw error;
    }
    if (!ownerLives(folder)) rmSync(folder, { recursive: true, force: true });
    else Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
  }
}

function ownerLives(folder) {
  try {
    process.kill(Number(readFileSync(path.join(folder, "pid"), "utf8")), 0);
    return true;
  } catch (error) {
    // The owner may be between making the folder and writing its pid.
    return (
      error.code === "EPERM" ||
      (error.code === "ENOENT" && existsSync(folder) && Date.now() - statSync(folder).mtimeMs < 2_000)
    );
  }
}

function facts(file, isWithin = false) {
  if (!existsSync(file) || (isWithin && file === at("src", "console"))) return [];
  const stat = statSync(file);
  if (!stat.isDirectory()) return [`${path.relative(ROOT, file)} ${stat.size} ${stat.mtimeMs}`];
  return readdirSync(file)
    .sort()
    .flatMap((name) => facts(path.join(file, name), true));
}

function stampOf(file) {
  return existsSync(file) ? readFileSync(file, "utf8") : null;
}

function hashOf(parts) {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part).update("\n");
  return hash.digest("hex");
}

if (process.argv[1] === fileURLToPath(import.meta.url)) ready();
