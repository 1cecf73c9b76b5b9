import { graphile } from "./graphile.js";

/** As worker.graphile.org/docs/performance measured itself: 24 jobs at once, a local queue of 500, completion in batches. */
export const peer = graphile({
  concurrentJobs: 24,
  maxPoolSize: 25,
  localQueue: { size: 500 },
  completeJobBatchDelay: 0,
  failJobBatchDelay: 0,
});
