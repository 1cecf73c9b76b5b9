import { HeadwayClient } from "./client/headway-client.js";
import type { ApiOptions } from "./client/api.js";

/** As in browsers; where this Node has no WebSocket of its own, with the package ws's. */
const createClient = (options: ApiOptions): HeadwayClient => new HeadwayClient({ webSocket, ...options });

async function webSocket(): Promise<unknown> {
  return globalThis.WebSocket ?? (await import("ws")).WebSocket;
}

export * from "./client.js";
export { createClient };
