import { existsSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { definePipeline, PermanentError, type DocumentContext } from "../../../src/index.js";

/** Documents that have been refused once already; the next time they are taken. */
const known = new Set<string>();

/** Reads letters: "broken" is refused once; each waits at `sort` for the file `gate`, or one of that and its own name. */
export default definePipeline({
  name: "letters",
  version: 1,
  options: z.object({ gate: z.string().nullable().default(null) }),
  documentStages: [
    {
      name: "read",
      run: async ({ document }: DocumentContext) => {
        const text = await document.text();
        if (text !== "broken" || known.has(document.id)) return { length: text.length };
        known.add(document.id);
        throw new PermanentError("BROKEN_LETTER", `${document.name} is broken;\u001b[31m send it again.`);
      },
    },
    {
      name: "sort",
      run: async ({ options: { gate }, document, signal }: DocumentContext) => {
        const isOpen = (): boolean => gate === null || existsSync(gate) || existsSync(`${gate}-${document.name}`);
        while (!isOpen()) await sleep(20, undefined, { signal });
        return null;
      },
    },
  ],
});
