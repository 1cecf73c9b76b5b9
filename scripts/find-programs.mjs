import { findExecutable, installProgram } from "./system-packages.mjs";

/** Programs that Headway goes without, by what is not tried then. */
const WANTED = [
  {
    program: "ffmpeg",
    lost: "Subtitles are",
    packages: { "apt-get": "ffmpeg", brew: "ffmpeg", dnf: "ffmpeg-free", apk: "ffmpeg" },
  },
  {
    program: "heif-convert",
    lost: "HEIC photographs are",
    packages: { "apt-get": "libheif-examples", brew: "libheif", dnf: "libheif-tools", apk: "libheif-tools" },
  },
];

/**
 * Finds these programs, or installs them. Never fails: without one the tests expect the warning, or the refusal, that
 * stands for what it reads.
 * @returns {Promise<string[]>} a sentence for each that is not there
 */
export async function wantPrograms() {
  const absent = [];
  for (const { program, lost, packages } of WANTED) {
    if ((await findExecutable(program)) !== null) continue;
    const { found, reasons } = await installProgram(program, packages);
    if (found === null) absent.push(`${lost} not tried, for there is no ${program}: ${reasons}.`);
  }
  return absent;
}
