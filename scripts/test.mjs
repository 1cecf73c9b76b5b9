// npm test: makes everything ready, finds or installs Redis, Chromium, ffmpeg and heif-convert, and runs the tests; arguments go to jest.
// --kind=unit, db, faults or package in front of them runs the tests of that kind alone; unit and package need none of them.
import { wantPrograms } from "./find-programs.mjs";
import { jest, kindIn, readyWithRedis, withChromium } from "./run-jest.mjs";
import { ready } from "./ready.mjs";

const { kind, rest } = kindIn(process.argv.slice(2));
if (kind === "package") process.env.HEADWAY_TEST_PACKAGE = "1";
if (kind === "unit" || kind === "package") ready();
else {
  await readyWithRedis();
  await withChromium();
  for (const sentence of await wantPrograms()) console.error(sentence);
}
process.exit(jest(rest, kind));
