import { definePipeline } from "headway-api";

// Five stages that do nothing: all that is measured is what it costs to know where each document is.
export default definePipeline({
  name: "noop5",
  version: 1,
  documentStages: ["s1", "s2", "s3", "s4", "s5"].map((name) => ({ name, run: async () => ({ ok: true }) })),
});
