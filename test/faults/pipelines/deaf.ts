import { appendFileSync } from "node:fs";
import { z } from "zod";
import { definePipeline, type DocumentContext } from "../../../src/index.js";

/** One stage that hears no signal, never ends, and adds to the file `effects` every 50 ms. */
export default definePipeline({
  name: "deaf",
  version: 1,
  options: z.object({ effects: z.string() }),
  documentStages: [
    {
      name: "listen",
      run: ({ options }: DocumentContext) =>
        new Promise<null>(() => {
          setInterval(() => appendFileSync(options.effects, "."), 50);
        }),
    },
  ],
});
