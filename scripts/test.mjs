// npm test: makes everything ready, finds or installs Redis and ffmpeg, and runs the tests; arguments go to jest.
import { wantFfmpeg } from "./find-ffmpeg.mjs";
import { jest, readyWithRedis } from "./run-jest.mjs";

await readyWithRedis();
const reasons = await wantFfmpeg();
if (reasons !== null) console.error(`Subtitles are not tried, for there is no ffmpeg: ${reasons}.`);
process.exit(jest(process.argv.slice(2)));
