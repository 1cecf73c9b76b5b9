// npm run fuzz -- [--runs N] [--seed N]: sends requests of the schema's grammar, 10,000 by default, and counts what came of them.
import { parseArgs } from "node:util";
import { jest, readyWithRedis } from "./run-jest.mjs";

const { values } = parseArgs({ options: { runs: { type: "string", default: "10000" }, seed: { type: "string" } } });
for (const [name, value] of Object.entries(values)) {
  if (/^\d+$/.test(value)) continue;
  console.error(`--${name} is "${value}"; it must be a whole number.`);
  process.exit(2);
}
await readyWithRedis();
process.env.HEADWAY_TEST_FUZZ_RUNS = values.runs;
if (values.seed !== undefined) process.env.HEADWAY_TEST_SEED = values.seed;
process.exit(jest(["graphql/fuzz"]));
