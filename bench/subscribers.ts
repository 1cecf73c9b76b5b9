// A process of subscribers, told over IPC what to follow: raw sockets that speak graphql-transport-ws, and little else.
import { WebSocket } from "ws";

export interface Follow {
  readonly url: string;
  readonly followed: readonly { readonly collectionId: string | null; readonly authorization: string }[];
  /** Sockets for each of them. */
  readonly each: number;
}
export type Told = { readonly ready: number } | { readonly latenciesMs: number[] };

const SUBSCRIPTION =
  "subscription($collectionId: ID) { statusChanges(collectionId: $collectionId) { ... on StatusChange { at reason } } }";
/** The server hands out sockets as fast as it can look at their keys; more at once would only queue. */
const AT_ONCE = 50;
let latenciesMs: number[] = [];

function follow(url: string, authorization: string, collectionId: string | null): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url, "graphql-transport-ws");
    socket.on("open", () => socket.send(JSON.stringify({ type: "connection_init", payload: { authorization } })));
    socket.on("error", reject);
    socket.on("close", (code) => reject(new Error(`socket closed with ${code}`)));
    socket.on("message", (data: Buffer) => {
      const message = JSON.parse(data.toString()) as {
        type: string;
        payload?: { data?: { statusChanges: { at: string } } };
      };
      if (message.type === "connection_ack") {
        const payload = { query: SUBSCRIPTION, variables: { collectionId } };
        socket.send(JSON.stringify({ id: "1", type: "subscribe", payload }));
        resolve();
      } else if (message.type === "next") {
        latenciesMs.push(Date.now() - Date.parse(message.payload!.data!.statusChanges.at));
      } else if (message.type === "ping") socket.send(JSON.stringify({ type: "pong" }));
      else if (message.type === "error") reject(new Error(JSON.stringify(message.payload)));
    });
  });
}

process.on("message", (order: Follow | "report") => {
  if (order === "report") {
    process.send!({ latenciesMs } satisfies Told);
    latenciesMs = [];
    return;
  }
  void (async () => {
    const all = order.followed.flatMap((one) => Array.from({ length: order.each }, () => one));
    for (let first = 0; first < all.length; first += AT_ONCE) {
      const some = all.slice(first, first + AT_ONCE);
      await Promise.all(some.map((one) => follow(order.url, one.authorization, one.collectionId)));
    }
    process.send!({ ready: all.length } satisfies Told);
  })();
});
