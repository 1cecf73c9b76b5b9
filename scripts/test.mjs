// npm test: makes everything ready, finds or installs Redis, and runs the tests; arguments go to jest.
import { jest, readyWithRedis } from "./run-jest.mjs";

await readyWithRedis();
process.exit(jest(process.argv.slice(2)));
