import type { DataSource } from "typeorm";
import { changeChannel } from "../../src/database/channels.js";
import { listen } from "../../src/database/listener.js";
import { ChangeStream } from "../../src/engine/stream/stream.js";
import type { EngineDeps } from "../../src/engine/engine.js";
import type { Rig } from "./engine.js";

/** A stream that the rig's database wakes, as in a process that serves. */
export async function followDatabase(
  rig: Rig,
  options: {
    readonly db?: DataSource;
    readonly pollMs?: number;
    readonly onError?: EngineDeps["onError"];
  } = {},
): Promise<{ readonly stream: ChangeStream; stop(): Promise<void> }> {
  const { db = rig.db, pollMs, onError = rig.deps.onError } = options;
  const stream = new ChangeStream(db, onError, pollMs);
  await stream.start();
  const wakes = new Map([[changeChannel(rig.db), () => stream.wake()]]);
  const address = { url: rig.url, route: "direct" } as const;
  const listener = await listen(address, wakes, (error) => onError(error, "listening for changes"));
  return {
    stream,
    async stop() {
      await listener.close();
      await stream.stop();
    },
  };
}
