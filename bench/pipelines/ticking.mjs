import { setTimeout as sleep } from "node:timers/promises";
import { definePipeline, PermanentError } from "headway-api";

const CODES = ["NO_TOTAL", "VENDOR_AWAY", "UNREADABLE", "TOO_OLD"];

// A second in each of two stages; three documents of a hundred fail, in four ways.
const tick = (ctx) => sleep(1_000, null, { signal: ctx.signal });
export default definePipeline({
  name: "ticking",
  version: 1,
  documentStages: [
    { name: "read", run: tick },
    {
      name: "check",
      run: async (ctx) => {
        await tick(ctx);
        const number = Number(ctx.document.name.slice(1));
        if (number % 100 < 3) throw new PermanentError(CODES[number % 4], `${ctx.document.name} cannot be checked.`);
        return null;
      },
    },
  ],
});
