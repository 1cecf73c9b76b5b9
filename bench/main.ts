// npm run bench [-- NAME …]: measures and prints one table; writes bench/results.json.
import { b1 } from "./b1-throughput.js";
import type { Bench } from "./bench.js";
import { runBenches } from "./run.js";

const BENCHES: readonly Bench[] = [b1];

process.exitCode = await runBenches(BENCHES, process.argv.slice(2));
