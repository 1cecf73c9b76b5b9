import { findExecutable, installProgram } from "./system-packages.mjs";

/** Debian's name is not everybody's. */
const PACKAGES = { "apt-get": "redis-server", brew: "redis", dnf: "redis", apk: "redis" };

/**
 * The path of a redis-server: the one on the PATH, else one installed now by the system's package manager.
 * @returns {Promise<string>}
 * @throws {Error} saying what to do where neither works
 */
export async function ensureRedisServer() {
  const present = await findExecutable("redis-server");
  if (present !== null) return present;
  const { found, reasons } = await installProgram("redis-server", PACKAGES);
  if (found !== null) return found;
  throw new Error(
    `There is no redis-server on the PATH and it could not be installed: ${reasons}. ` +
      "Install Redis (for example: sudo apt-get install redis-server), or set REDIS_URL to a Redis that is running.",
  );
}
