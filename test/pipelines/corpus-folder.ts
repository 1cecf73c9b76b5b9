import path from "node:path";
import { ROOT } from "../support/processes.js";

/** Real files with what must come of them: beside the project, or where HEADWAY_TEST_CORPUS says. */
export const CORPUS = process.env.HEADWAY_TEST_CORPUS ?? path.join(ROOT, "..", "shared", "corpus");
