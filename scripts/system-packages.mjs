import { execFile } from "node:child_process";
import { constants } from "node:fs";
import { access } from "node:fs/promises";
import path from "node:path";

/** Where a program may be although the PATH of this process does not say so (Homebrew, Debian's and RHEL's places). */
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
    commands: (name) => [
      ["apt-get", "update", "-qq"],
      ["apt-get", "install", "-y", "-qq", "--no-install-recommends", name],
    ],
  },
  { tool: "brew", asRoot: false, commands: (name) => [["brew", "install", name]] },
  { tool: "dnf", asRoot: true, commands: (name) => [["dnf", "install", "-y", name]] },
  { tool: "apk", asRoot: true, commands: (name) => [["apk", "add", "--no-cache", name]] },
];

/**
 * Installs with the system's package manager what brings `program`.
 * @param {string} program what must be there afterwards
 * @param {Readonly<Record<string, string>>} packages its package under each manager's name, such as apt-get
 * @returns {Promise<{ found: string | null, reasons: string }>} its path, or why there is none
 */
export async function installProgram(program, packages) {
  const tried = [];
  for (const installer of INSTALLERS) {
    const name = packages[installer.tool];
    if (name === undefined || (await findExecutable(installer.tool)) === null) continue;
    const prefix = installer.asRoot ? await rootPrefix() : [];
    if (prefix === null) {
      tried.push(`${installer.tool} needs root, and "sudo -n" does not give it`);
      continue;
    }
    const failure = await install(installer.commands(name), prefix);
    const found = await findExecutable(program);
    if (found !== null) return { found, reasons: "" };
    tried.push(failure ?? `${installer.tool} brought no ${program}`);
  }
  const known = Object.keys(packages).join(", ");
  return { found: null, reasons: tried.length > 0 ? tried.join("; ") : `no known package manager (${known}) is here` };
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
export function run(file, args) {
  return new Promise((resolve) => {
    execFile(file, args, { timeout: INSTALL_TIMEOUT_MS, maxBuffer: 16 * 1024 * 1024 }, (error, _out, stderr) => {
      resolve(error === null ? null : stderr.trim().slice(-500) || error.message);
    });
  });
}

/** The path of the program, on the PATH or in the usual places; null where it is not. */
export async function findExecutable(name) {
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
