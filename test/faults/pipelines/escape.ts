import { EventEmitter } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { definePipeline, type DocumentContext } from "../../../src/index.js";

function overflow(): number {
  return 1 + overflow();
}

/** Lets an error escape in the way that its document's text says: some while the handler waits, some when it has gone on. */
const WAYS: Readonly<Record<string, () => unknown>> = {
  "a promise that nobody awaits": () => {
    void sleep(20).then(() => {
      throw new Error("nobody waits for me");
    });
    return sleep(60_000);
  },
  "a throw in a timer": () =>
    new Promise(() => {
      setTimeout(() => {
        throw new Error("thrown in a timer");
      }, 20);
    }),
  "process.exit": () => process.exit(7),
  "process.exit in a timer": () => new Promise(() => void setTimeout(() => process.exit(7), 20)),
  "an error event without a listener": () =>
    new Promise(() => void setTimeout(() => new EventEmitter().emit("error", new Error("an event")), 20)),
  "a stack overflow": () => overflow(),
  "a stack overflow in a timer": () => new Promise(() => void setTimeout(overflow, 20)),
  "no error": () => sleep(50),
};

const run = async (ctx: DocumentContext): Promise<null> => {
  await WAYS[await ctx.document.text()]!();
  return null;
};

/** One stage, tried once. */
export default definePipeline({
  name: "escape",
  version: 1,
  documentStages: [{ name: "leak", maxAttempts: 1, run }],
});
