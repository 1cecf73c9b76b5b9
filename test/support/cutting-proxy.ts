import { connect, createServer, type AddressInfo, type Socket } from "node:net";

/** A proxy in front of a server, each of whose connections breaks after so many bytes of its client have been passed on. */
export interface CuttingProxy {
  readonly port: number;
  /** How many it has cut. */
  readonly cuts: number;
  /** Bytes of clients that have been passed on, the heads of their requests among them. */
  readonly passedBytes: number;
  close(): void;
}

/** @param bytesEach asked for every new connection; Infinity never cuts it */
export async function startCuttingProxy(upstreamPort: number, bytesEach: () => number): Promise<CuttingProxy> {
  const open = new Set<Socket>();
  let [cuts, passedBytes] = [0, 0];
  const server = createServer((client) => {
    const upstream = connect(upstreamPort, "127.0.0.1");
    let left = bytesEach();
    for (const socket of [client, upstream]) {
      open.add(socket);
      socket.on("error", () => undefined);
      socket.once("close", () => open.delete(socket));
    }
    upstream.pipe(client);
    client.once("close", () => upstream.end());
    client.on("data", (piece: Buffer) => {
      const now = piece.subarray(0, left);
      left -= now.length;
      passedBytes += now.length;
      const isFree = upstream.write(now);
      if (left > 0) {
        if (isFree) return;
        client.pause();
        upstream.once("drain", () => client.resume());
        return;
      }
      cuts += 1;
      client.removeAllListeners("data").destroy();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    get cuts() {
      return cuts;
    },
    get passedBytes() {
      return passedBytes;
    },
    close() {
      server.close();
      for (const socket of open) socket.destroy();
    },
  };
}
