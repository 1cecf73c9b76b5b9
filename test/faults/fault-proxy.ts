import { createServer, connect, type AddressInfo, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/** A TCP proxy that breaks what passes through it. */
export interface FaultProxy {
  readonly port: number;
  /** Client connections that are open now. */
  readonly connections: number;
  /** How often a fault has struck: connections reset, refused, held back or cut. */
  readonly fired: number;
  /** Everything passes again; what was swallowed by a black hole is reset. */
  pass(): void;
  /** Open connections are reset, and so is every new one. */
  refuse(): void;
  /** Open connections are reset; new ones pass. */
  reset(): void;
  /**
   * Nothing passes in either direction and nobody is told: open connections stay open, new ones are taken. With a
   * needle only open connections whose client sent it first are swallowed, such as those of one application_name.
   */
  blackhole(needle?: string): void;
  /** Each piece is passed on so much later, in order. */
  delay(ms: number): void;
  throttle(bytesPerSecond: number): void;
  /**
   * Cuts the connection whose client sends `needle`, once: before anything of that piece is passed on, or after the
   * answer to it has come and before that is passed on, so that the client can't know what became of it. Resolves then.
   */
  cutOn(needle: string, when: "before" | "after"): Promise<void>;
  /** New connections lead to another port; open ones stay where they are. */
  leadTo(port: number): void;
  close(): Promise<void>;
}

interface Pair {
  readonly client: Socket;
  readonly server: Socket;
  swallowed: boolean;
  /** The client's first bytes; of Postgres the start-up message. */
  head: string | null;
  /** The client's last bytes, so that a needle is found across pieces. */
  tail: string;
  cutAfterAnswer: (() => void) | null;
}

interface Cut {
  readonly needle: string;
  readonly when: "before" | "after";
  readonly done: () => void;
}

/** ReadyForQuery: what Postgres says last in each answer. */
const READY = /Z\0\0\0\x05[ITE]/;

export async function startFaultProxy(upstreamPort: number): Promise<FaultProxy> {
  const pairs = new Set<Pair>();
  let mode: "pass" | "refuse" | "blackhole" = "pass";
  let delayMs = 0;
  let bytesPerSecond = Infinity;
  let cut: Cut | null = null;
  let port = upstreamPort;
  let fired = 0;

  const kill = ({ client, server }: Pair): void => {
    // A socket that is ending can't be reset: it stays open, and the event loop spins on it forever (Node 20, libuv).
    if (client.writableEnded) client.destroy();
    else client.resetAndDestroy();
    server.destroy();
  };
  const strike = (pair: Pair): void => {
    fired += 1;
    kill(pair);
  };

  /** False when the connection was cut instead. */
  const watch = (pair: Pair, piece: Buffer): boolean => {
    pair.head ??= piece.toString("latin1");
    if (!cut) return true;
    const text = pair.tail + piece.toString("latin1");
    pair.tail = text.slice(-Math.max(0, cut.needle.length - 1));
    if (!text.includes(cut.needle)) return true;
    const { when, done } = cut;
    cut = null;
    if (when === "before") {
      strike(pair);
      done();
      return false;
    }
    pair.cutAfterAnswer = () => {
      strike(pair);
      done();
    };
    return true;
  };

  const forward = (pair: Pair, from: Socket, to: Socket, onPiece: (piece: Buffer) => boolean): void => {
    let line: Promise<unknown> = Promise.resolve();
    from.on("data", (piece: Buffer) => {
      if (pair.swallowed) return;
      if (!onPiece(piece)) return;
      const waitMs = delayMs + (bytesPerSecond === Infinity ? 0 : (piece.length / bytesPerSecond) * 1_000);
      if (waitMs > 0) fired += 1;
      line = (waitMs > 0 ? line.then(() => sleep(waitMs)) : line).then(() => {
        if (!pair.swallowed && to.writable) to.write(piece);
      });
    });
    from.on("end", () => void line.then(() => to.end()));
    from.on("close", () => void line.then(() => to.destroy()));
    from.on("error", () => to.destroy());
  };

  const listener = createServer((client) => {
    client.setNoDelay(true);
    if (mode === "refuse") {
      fired += 1;
      client.on("error", () => undefined); // It is reset: any error of it is ignored.
      client.resetAndDestroy();
      return;
    }
    const server = connect(port, "127.0.0.1");
    server.setNoDelay(true);
    const pair: Pair = { client, server, swallowed: mode === "blackhole", head: null, tail: "", cutAfterAnswer: null };
    if (pair.swallowed) fired += 1;
    pairs.add(pair);
    client.on("close", () => pairs.delete(pair));
    forward(pair, client, server, (piece) => watch(pair, piece));
    let answer = "";
    forward(pair, server, client, (piece) => {
      if (!pair.cutAfterAnswer) return true;
      answer = (answer + piece.toString("latin1")).slice(-100_000);
      if (READY.test(answer)) pair.cutAfterAnswer();
      return false;
    });
  });
  await new Promise<void>((resolve, reject) => listener.once("error", reject).listen(0, "127.0.0.1", resolve));

  return {
    port: (listener.address() as AddressInfo).port,
    get connections() {
      return pairs.size;
    },
    get fired() {
      return fired;
    },
    pass() {
      mode = "pass";
      delayMs = 0;
      bytesPerSecond = Infinity;
      for (const pair of pairs) if (pair.swallowed) kill(pair);
    },
    refuse() {
      mode = "refuse";
      for (const pair of pairs) strike(pair);
    },
    reset() {
      for (const pair of pairs) strike(pair);
    },
    blackhole(needle) {
      if (needle === undefined) mode = "blackhole";
      for (const pair of pairs) {
        if (needle !== undefined && !pair.head?.includes(needle)) continue;
        fired += 1;
        pair.swallowed = true;
      }
    },
    delay(ms) {
      delayMs = ms;
    },
    throttle(rate) {
      bytesPerSecond = rate;
    },
    leadTo(other) {
      port = other;
    },
    cutOn: (needle, when) => new Promise((done) => (cut = { needle, when, done })),
    async close() {
      for (const pair of pairs) kill(pair);
      await new Promise((resolve) => listener.close(resolve));
    },
  };
}
