import pg from "pg";

/** What is not asked for by a request: the listener's probes and LISTEN itself. */
const BACKGROUND = /^(select pg_backend_pid\(\)|listen )/i;
type Query = (...args: unknown[]) => unknown;

export interface Sent {
  readonly sql: string;
  readonly values: readonly unknown[];
}

/** Runs `work` and returns the text of every SQL statement that any connection of this process sent meanwhile. */
export async function statementsOf(work: () => Promise<unknown>): Promise<string[]> {
  return (await sentIn(work)).map(({ sql }) => sql.replaceAll(/\s+/g, " ").trim());
}

/** As `statementsOf`, with their parameters. */
export async function sentIn(work: () => Promise<unknown>): Promise<Sent[]> {
  const sent: Sent[] = [];
  const client: { query: Query } = pg.Client.prototype as never;
  const query: Query = Reflect.get(client, "query");
  client.query = function (this: pg.Client, ...args: unknown[]): unknown {
    const [first, second] = args;
    const config = (typeof first === "string" ? { text: first } : first) as { text?: string; values?: unknown[] };
    const sql = config.text ?? "";
    const values = config.values ?? (Array.isArray(second) ? second : []);
    if (!BACKGROUND.test(sql)) sent.push({ sql, values });
    return query.apply(this, args);
  };
  try {
    await work();
  } finally {
    client.query = query;
  }
  return sent;
}
