// npm test: makes everything ready, finds or installs Redis, Chromium and ffmpeg, and runs the tests; arguments go to jest.
// --kind=unit, db, faults or package in front of them runs the tests of that kind alone; unit and package need none of them.
import { wantFfmpeg } from "./find-ffmpeg.mjs";
import { jest, kindIn, readyWithRedis, withChromium } from "./run-jest.mjs";
import { ready } from "./ready.mjs";

const { kind, rest } = kindIn(process.argv.slice(2));
if (kind === "package") process.env.HEADWAY_TEST_PACKAGE = "1";
if (kind === "unit" || kind === "package") ready();
else {
  await readyWithRedis();
  await withChromium();
  const reasons = await wantFfmpeg();
  if (reasons !== null) console.error(`Subtitles are not tried, for there is no ffmpeg: ${reasons}.`);
}
process.exit(jest(rest, kind));
