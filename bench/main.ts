// npm run bench [-- NAME …]: measures and prints one table; writes bench/results.json.
import { b1 } from "./b1-throughput.js";
import { b2 } from "./b2-latency.js";
import { b3 } from "./b3-submit.js";
import { b4 } from "./b4-lists.js";
import { b5 } from "./b5-subscribers.js";
import { b6 } from "./b6-start.js";
import { b7 } from "./b7-dead-worker.js";
import { b8 } from "./b8-growth.js";
import { b9 } from "./b9-documents.js";
import { b10 } from "./b10-embedding.js";
import type { Bench } from "./bench.js";
import { builds } from "./builds.js";
import { claims } from "./claims.js";
import { consoleBench } from "./console.js";
import { expiry } from "./expiry.js";
import { memory } from "./memory.js";
import { processes } from "./processes.js";
import { search } from "./search.js";
import { timing } from "./timing.js";
import { runBenches } from "./run.js";

const BENCHES: readonly Bench[] = [
  b1,
  b2,
  b3,
  b4,
  b5,
  b6,
  b7,
  b8,
  b9,
  b10,
  builds,
  claims,
  consoleBench,
  processes,
  expiry,
  memory,
  search,
  timing,
];

process.exitCode = await runBenches(BENCHES, process.argv.slice(2));
