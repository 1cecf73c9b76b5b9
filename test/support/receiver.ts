import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** One request that a receiver of webhooks has had. */
export interface Received {
  readonly headers: Record<string, string>;
  readonly body: string;
}

/** A receiver of webhooks that is not ours. */
export interface Receiver {
  readonly url: string;
  readonly received: readonly Received[];
  /** The most requests that it has held at a time. */
  readonly mostAtOnce: number;
  /** What it does with the next ones; 204 when absent. */
  answer: (response: ServerResponse, request: IncomingMessage) => void;
  close(): Promise<void>;
}

export async function startReceiver(): Promise<Receiver> {
  const received: Received[] = [];
  let [open, mostAtOnce] = [0, 0];
  const server = createServer((request, response) => {
    open += 1;
    mostAtOnce = Math.max(mostAtOnce, open);
    response.once("close", () => (open -= 1));
    const pieces: Buffer[] = [];
    request.on("data", (piece: Buffer) => pieces.push(piece));
    request.once("end", () => {
      received.push({
        headers: request.headers as Record<string, string>,
        body: Buffer.concat(pieces).toString("utf8"),
      });
      receiver.answer(response, request);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const receiver: Receiver = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    received,
    get mostAtOnce() {
      return mostAtOnce;
    },
    answer: answering(204),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return receiver;
}

export const answering =
  (status: number, headers: Record<string, string> = {}) =>
  (response: ServerResponse): void =>
    void response.writeHead(status, headers).end();
