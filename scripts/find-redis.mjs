import { execFile } from "node:child_process";
import { constants } from "node:fs";
import { access } from "node:fs/promises";
import path from "node:path";

/** Where redis-server may be although the PATH of this process does not say so (Homebrew, Debian's and RHEL's places). */
const USUAL_FOLDERS = ["/usr/bin", "/usr/local/bin", "/opt/homebrew/bin", "/usr/sbin"];
/** A package manager on a slow line; a test run should fail in the end and not hang. */
const INSTALL_TIMEOUT_MS = 300_000;

/**
 * Nobody is asked anything, and (where invoke-rc.d heeds it) no system service is started: every instance we use is our
 * own, on a port of its own.
 */
const NO_SERVICE = { DEBIAN_FRONTEND: "noninteractive", RUNLEVEL: "1" };

const INSTALLERS = [
  {
    tool: "apt-get",
    asRoot: true,
    commands: [
      ["apt-get", "update", "-qq"],
      ["apt-get", "install", "-y", "-qq", "--no-install-recommends", "redis-server"],
    ],
  },
  { tool: "brew", asRoot: false, commands: [["brew", "install", "redis"]] },
  { tool: "dnf", asRoot: true, commands: [["dnf", "install", "-y", "redis"]] },
  { tool: "apk", asRoot: true, commands: [["apk", "add", "--no-cache", "redis"]] },
];

/**
 * The path of a redis-server: the one on the PATH, else one installed now by the system's package manager.
 * @returns {Promise<string>}
 * @throws {Error} saying what to do where neither works
 */
export async function ensureRedisServer() {
  const present = await findExecutable("redis-server");
  if (present !== null) return present;
  const tried = [];
  for (const installer of INSTALLERS) {
    if ((await findExecutable(installer.tool)) === null) continue;
    const prefix = installer.asRoot ? await rootPrefix() : [];
    if (prefix === null) {
      tried.push(`${installer.tool} needs root, and "sudo -n" does not give it`);
      continue;
    }
    const failure = await install(installer.commands, prefix);
    const installed = await findExecutable("redis-server");
    if (installed !== null) return installed;
    tried.push(failure ?? `${installer.tool} brought no redis-server`);
  }
  const reasons = tried.length > 0 ? tried.join("; ") : "no known package manager (apt-get, brew, dnf, apk) is here";
  throw new Error(
    `There is no redis-server on the PATH and it could not be installed: ${reasons}. ` +
      "Install Redis (for example: sudo apt-get install redis-server), or set REDIS_URL to a Redis that is running.",
  );
}

async function install(commands, prefix) {
  for (const command of commands) {
    const [file, ...args] = [...prefix, ...command];
    const failure = await run(file, args);
    // A failing "update" is no reason to give up: the lists that are there may do.
    if (failure !== null && command[1] !== "update") return `"${command.join(" ")}" failed: ${failure}`;
  }
  return null;
}

/** What to put before a command so that root runs it; null where nothing does. */
async function rootPrefix() {
  const variables = Object.entries(NO_SERVICE).map(([name, value]) => `${name}=${value}`);
  if (process.getuid?.() === 0) return ["env", ...variables];
  if ((await findExecutable("sudo")) === null || (await run("sudo", ["-n", "true"])) !== null) return null;
  return ["sudo", "-n", "env", ...variables];
}

/** Null when it worked, else the end of what it said. */
function run(file, args) {
  return new Promise((resolve) => {
    execFile(file, args, { timeout: INSTALL_TIMEOUT_MS, maxBuffer: 16 * 1024 * 1024 }, (error, _out, stderr) => {
      resolve(error === null ? null : stderr.trim().slice(-500) || error.message);
    });
  });
}

async function findExecutable(name) {
  const folders = [...(process.env.PATH ?? "").split(path.delimiter), ...USUAL_FOLDERS].filter(Boolean);
  for (const folder of folders) {
    const file = path.join(folder, name);
    try {
      await access(file, constants.X_OK);
      return file;
    } catch {
      // Not here: the next folder may have it.
    }
  }
  return null;
}
