// A peer's process: told over IPC what to do, so that ours and theirs never share an event loop.
import { messageOf } from "../../src/errors.js";
import type { Peer, RunningPeer } from "./peer.js";

export type Order =
  | { readonly do: "start"; readonly databaseUrl: string; readonly redisUrl: string }
  | { readonly do: "round"; readonly documents: number }
  | { readonly do: "stop" };
export type Report = { readonly ms: number } | { readonly error: string };

const { peer } = (await import(`./${process.argv[2]}.js`)) as { peer: Peer };
let running: RunningPeer | null = null;

async function obey(order: Order): Promise<number> {
  if (order.do === "start") {
    running = await peer.start(order);
    return 0;
  }
  if (order.do === "round") return running!.round(order.documents);
  await running?.stop();
  return 0;
}

process.on("message", (order: Order) => {
  obey(order).then(
    (ms) => process.send!({ ms } satisfies Report, () => order.do === "stop" && process.exit(0)),
    (error: unknown) => process.send!({ error: messageOf(error) } satisfies Report),
  );
});
