import { findExecutable, installProgram } from "./system-packages.mjs";

const PACKAGES = { "apt-get": "ffmpeg", brew: "ffmpeg", dnf: "ffmpeg-free", apk: "ffmpeg" };

/**
 * Finds ffmpeg, or installs it. Headway goes without it, so this never fails: the tests of films then expect the
 * warning that stands for the subtitles.
 * @returns {Promise<string | null>} why there is none; null where there is one
 */
export async function wantFfmpeg() {
  if ((await findExecutable("ffmpeg")) !== null) return null;
  const { found, reasons } = await installProgram("ffmpeg", PACKAGES);
  return found === null ? reasons : null;
}
