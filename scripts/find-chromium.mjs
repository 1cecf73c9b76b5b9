import { findExecutable, installProgram } from "./system-packages.mjs";

/** As the browser is called where it comes from its maker, and from the system. */
const NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
const PACKAGES = { "apt-get": "chromium", dnf: "chromium", apk: "chromium" };

/**
 * The path of a Chromium: one that is there, else one installed now by the system's package manager.
 * @returns {Promise<string>}
 * @throws {Error} saying what to do where neither works
 */
export async function ensureChromium() {
  for (const name of NAMES) {
    const present = await findExecutable(name);
    if (present !== null) return present;
  }
  const { found, reasons } = await installProgram("chromium", PACKAGES);
  if (found !== null) return found;
  throw new Error(
    `There is no Chromium on the PATH and it could not be installed: ${reasons}. ` +
      "Install Chromium or Chrome (for example: sudo apt-get install chromium); tests of pages open them in it.",
  );
}
