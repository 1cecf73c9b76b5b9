import { definePipeline } from "../../../src/index.js";
import escape from "./escape.js";

/** The same handler in a child process of its own. */
export default definePipeline({
  name: "escape-isolated",
  version: 1,
  documentStages: [{ ...escape.documentStages[0]!, isolate: true }],
});
