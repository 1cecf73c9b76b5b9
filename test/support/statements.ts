import pg from "pg";

/** What is not asked for by a request: the listener's probes and LISTEN itself. */
const BACKGROUND = /^(select 1$|listen )/i;

/** Runs `work` and returns every SQL statement that any connection of this process sent meanwhile. */
export async function statementsOf(work: () => Promise<unknown>): Promise<string[]> {
  const sent: string[] = [];
  const original = pg.Client.prototype.query as (...args: unknown[]) => unknown;
  const counted = function (this: pg.Client, ...args: unknown[]): unknown {
    const [first] = args;
    const text = typeof first === "string" ? first : ((first as { text?: string } | undefined)?.text ?? "");
    if (!BACKGROUND.test(text)) sent.push(text.replaceAll(/\s+/g, " ").trim());
    return original.apply(this, args);
  };
  (pg.Client.prototype as { query: unknown }).query = counted;
  try {
    await work();
  } finally {
    (pg.Client.prototype as { query: unknown }).query = original;
  }
  return sent;
}
