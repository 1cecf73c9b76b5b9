/** What a peer is given: a database and a Redis of its own, empty. */
export interface PeerServers {
  readonly databaseUrl: string;
  readonly redisUrl: string;
}

export interface RunningPeer {
  /** Takes so many documents through five stages; resolves with the milliseconds from the first call to the last end. */
  round(documents: number): Promise<number>;
  stop(): Promise<void>;
}

/** One file a peer exports one of these as `peer`; it runs in a process of its own (serve.ts). */
export interface Peer {
  start(servers: PeerServers): Promise<RunningPeer>;
}

export const STAGES = 5;

/** Counts ends, and tells when as many have come as were asked for. */
export class Countdown {
  #left = 0;
  #done: () => void = () => {};

  expect(count: number): Promise<void> {
    this.#left = count;
    return new Promise((resolve) => (this.#done = resolve));
  }

  one(): void {
    this.#left -= 1;
    if (this.#left === 0) this.#done();
  }
}
