import { findExecutable, installProgram } from "./system-packages.mjs";

const PACKAGES = { "apt-get": "pgbouncer", brew: "pgbouncer", dnf: "pgbouncer", apk: "pgbouncer" };

/**
 * The path of a pgbouncer: the one on the PATH or in the usual places, else one installed now by the system's package
 * manager.
 * @returns {Promise<string>}
 * @throws {Error} saying what to do where neither works
 */
export async function ensurePgBouncer() {
  const present = await findExecutable("pgbouncer");
  if (present !== null) return present;
  const { found, reasons } = await installProgram("pgbouncer", PACKAGES);
  if (found !== null) return found;
  throw new Error(
    `There is no pgbouncer on the PATH and it could not be installed: ${reasons}. ` +
      "Install PgBouncer (for example: sudo apt-get install pgbouncer); the tests start one of their own.",
  );
}
