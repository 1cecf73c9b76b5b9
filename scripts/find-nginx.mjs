import { findExecutable, installProgram } from "./system-packages.mjs";

const PACKAGES = { "apt-get": "nginx-light", brew: "nginx", dnf: "nginx", apk: "nginx" };

/**
 * The path of an nginx: the one on the PATH or in the usual places, else one installed now by the system's package
 * manager.
 * @returns {Promise<string>}
 * @throws {Error} saying what to do where neither works
 */
export async function ensureNginx() {
  const present = await findExecutable("nginx");
  if (present !== null) return present;
  const { found, reasons } = await installProgram("nginx", PACKAGES);
  if (found !== null) return found;
  throw new Error(
    `There is no nginx on the PATH and it could not be installed: ${reasons}. ` +
      "Install nginx (for example: sudo apt-get install nginx-light); the tests start one of their own.",
  );
}
