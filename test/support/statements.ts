import pg from "pg";

/** What is not asked for by a request: the listener's probes and LISTEN itself. */
const BACKGROUND = /^(select 1$|listen )/i;
type Query = (...args: unknown[]) => unknown;

/** Runs `work` and returns every SQL statement that any connection of this process sent meanwhile. */
export async function statementsOf(work: () => Promise<unknown>): Promise<string[]> {
  const sent: string[] = [];
  const client: { query: Query } = pg.Client.prototype as never;
  const query: Query = Reflect.get(client, "query");
  client.query = function (this: pg.Client, ...args: unknown[]): unknown {
    const [first] = args;
    const text = typeof first === "string" ? first : ((first as { text?: string } | undefined)?.text ?? "");
    if (!BACKGROUND.test(text)) sent.push(text.replaceAll(/\s+/g, " ").trim());
    return query.apply(this, args);
  };
  try {
    await work();
  } finally {
    client.query = query;
  }
  return sent;
}
