import type pg from "pg";
import { withDeadline } from "../async/with-deadline.js";
import { sessionClient, type Address } from "./session.js";

export interface Listener {
  /** Resolves once the connection is gone; no call-back comes after. */
  close(): Promise<void>;
}

/** Longest silence before the connection is asked whether it still lives: a black hole sends no error. */
const PROBE_MS = 1_000;
const PROBE_DEADLINE_MS = 1_000;
const RECONNECT_MS = 200;
const CLOSE_DEADLINE_MS = 1_000;

/**
 * LISTENs on the channels of `wakes` over one connection of its own, which it replaces whenever it breaks, falls silent, or
 * turns out to be shared with others by a pooler. What belongs to a channel is called for each of its notifications, and once
 * after each (re)connection, because something may have been missed.
 */
export async function listen(
  { url, route }: Address,
  wakes: ReadonlyMap<string, () => void>,
  onError: (error: Error) => void,
): Promise<Listener> {
  let closed = false;
  let client: pg.Client | null = null;
  let timer: NodeJS.Timeout | null = null;

  const connect = async (): Promise<void> => {
    const mine: pg.Client = new (sessionClient(route, "listen"))({
      connectionString: url,
      application_name: "headway-listen",
      connectionTimeoutMillis: 5_000,
      query_timeout: PROBE_DEADLINE_MS,
    });
    client = mine;
    mine.on("error", (error) => broken(mine, error));
    mine.on("end", () => broken(mine, new Error("the LISTEN connection ended")));
    mine.on("notification", (message) => wakes.get(message.channel)?.());
    let pid: number;
    try {
      await mine.connect();
      pid = await serverPid(mine);
      for (const channel of wakes.keys()) await mine.query(`listen ${mine.escapeIdentifier(channel)}`);
    } catch (error) {
      broken(mine, error as Error);
      return;
    }
    if (client !== mine) return;
    for (const wake of wakes.values()) wake();
    probeLater(mine, pid);
  };

  const probeLater = (mine: pg.Client, pid: number): void => {
    timer = setTimeout(() => {
      serverPid(mine).then(
        (now) => {
          if (now !== pid) broken(mine, new Error(SHARED));
          else if (client === mine && !closed) probeLater(mine, pid);
        },
        (error: Error) => broken(mine, error),
      );
    }, PROBE_MS);
    timer.unref();
  };

  const broken = (mine: pg.Client, error: Error): void => {
    if (client !== mine) return;
    client = null;
    if (timer) clearTimeout(timer);
    mine.end().catch(() => undefined); // Already broken; a failed end is ignored.
    if (closed) return;
    onError(error);
    setTimeout(() => void (closed ? undefined : connect()), RECONNECT_MS).unref();
  };

  await connect();
  return {
    async close() {
      closed = true;
      if (timer) clearTimeout(timer);
      const last = client;
      client = null;
      if (last)
        // Given up by then, or broken already: nothing is asked of it any more.
        await withDeadline("Closing the LISTEN connection", CLOSE_DEADLINE_MS, last.end()).catch(() => undefined);
    },
  };
}

const SHARED =
  "a pooler has given the server session that listens to another client; name the address of Postgres itself in HEADWAY_DATABASE_DIRECT_URL";

async function serverPid(client: pg.Client): Promise<number> {
  return (await client.query<{ pid: number }>("select pg_backend_pid() as pid")).rows[0]!.pid;
}
