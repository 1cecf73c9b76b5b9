// npm run mutate -- [--cases N] [--seed N] [--formats doc,xls]: takes broken versions of real files, 3,000 by default, through
// `documents`, and counts what came of them; of all formats, or of these by their extensions.
import { parseArgs } from "node:util";
import { jest, readyWithRedis } from "./run-jest.mjs";

const { values } = parseArgs({
  options: { cases: { type: "string", default: "3000" }, seed: { type: "string" }, formats: { type: "string" } },
});
const { formats, ...numbers } = values;
for (const [name, value] of Object.entries(numbers)) {
  if (/^\d+$/.test(value)) continue;
  console.error(`--${name} is "${value}"; it must be a whole number.`);
  process.exit(2);
}
await readyWithRedis();
process.env.HEADWAY_TEST_MUTANTS = values.cases;
if (formats !== undefined) process.env.HEADWAY_TEST_MUTANT_FORMATS = formats;
if (values.seed !== undefined) process.env.HEADWAY_TEST_SEED = values.seed;
process.exit(jest(["pipelines/mutations"]));
