import { spawnSync } from "node:child_process";
import path from "node:path";
import { ensureChromium } from "./find-chromium.mjs";
import { ensureNginx } from "./find-nginx.mjs";
import { ensurePgBouncer } from "./find-pgbouncer.mjs";
import { ensureRedisServer } from "./find-redis.mjs";
import { ready, ROOT } from "./ready.mjs";

/** Makes everything ready and finds or installs Redis, PgBouncer and nginx; ends the process, saying why, where that can't be done. */
export async function readyWithRedis() {
  ready();
  try {
    for (const program of [await ensureRedisServer(), await ensurePgBouncer(), await ensureNginx()]) {
      process.env.PATH = `${path.dirname(program)}${path.delimiter}${process.env.PATH}`;
    }
  } catch (error) {
    console.error(error.message);
    process.exit(1);
  }
}

/** Finds or installs a Chromium, for the tests that open pages; ends the process, saying why, where that can't be done. */
export async function withChromium() {
  try {
    process.env.HEADWAY_TEST_CHROMIUM = await ensureChromium();
  } catch (error) {
    console.error(error.message);
    process.exit(1);
  }
}

/** Takes `--kind=…` off the front of the arguments; null where there is none, for tests of every kind. */
export function kindIn([first, ...rest]) {
  const kind = /^--kind=(.*)$/.exec(first ?? "")?.[1];
  return kind === undefined ? { kind: null, rest: first === undefined ? [] : [first, ...rest] } : { kind, rest };
}

/**
 * Runs the compiled tests; returns jest's exit code.
 * @param {readonly string[]} args for jest
 * @param {string | null} kind one of the projects in jest.config.mjs; null runs all
 */
export function jest(args, kind = null) {
  const flags = ["--experimental-vm-modules", "--enable-source-maps", "--no-warnings=ExperimentalWarning"];
  const runner = path.join(ROOT, "node_modules", "jest", "bin", "jest.js");
  // Last: it takes all the words that follow it.
  const projects = kind === null ? [] : ["--selectProjects", kind];
  const { status } = spawnSync(
    process.execPath,
    [...flags, runner, "--config", path.join(ROOT, "jest.config.mjs"), ...args, ...projects],
    { cwd: ROOT, stdio: ["ignore", "inherit", "inherit"] },
  );
  return status ?? 1;
}
