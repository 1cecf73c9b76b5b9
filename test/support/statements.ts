import { AsyncLocalStorage } from "node:async_hooks";
import { Server } from "node:http";
import pg from "pg";

type Method = (this: unknown, ...args: unknown[]) => unknown;

export interface Sent {
  readonly sql: string;
  readonly values: readonly unknown[];
}

/** Holds the list of the count that the running code belongs to. */
const counts = new AsyncLocalStorage<Sent[]>();

/**
 * Runs `work` and returns the SQL statements that it causes: those it sends itself, and those of the HTTP requests that
 * reach a server of this process meanwhile. What else goes on in the process (heartbeats, claims, polls) does not count.
 */
export async function statementsOf(work: () => Promise<unknown>): Promise<string[]> {
  return textsOf(await sentIn(work));
}

/** As `statementsOf`, with their parameters. */
export async function sentIn(work: () => Promise<unknown>): Promise<Sent[]> {
  const sent: Sent[] = [];
  // A request arrives in the context of its connection, not in that of its sender.
  const restoreServer = replaced(Server.prototype, "emit", (emit) => {
    return function (...args) {
      return args[0] === "request" ? counts.run(sent, () => emit.apply(this, args)) : emit.apply(this, args);
    };
  });
  const restoreClient = onStatement((statement) => counts.getStore()?.push(statement));
  try {
    await counts.run(sent, work);
  } finally {
    restoreClient();
    restoreServer();
  }
  return sent;
}

/** Runs `work` and returns every SQL statement that this process sends meanwhile, whoever sends it: filter them by their text. */
export async function statementsMeanwhile(work: () => Promise<unknown>): Promise<string[]> {
  const sent: Sent[] = [];
  const restore = onStatement((statement) => sent.push(statement));
  try {
    await work();
  } finally {
    restore();
  }
  return textsOf(sent);
}

function textsOf(sent: readonly Sent[]): string[] {
  return sent.map(({ sql }) => sql.replaceAll(/\s+/g, " ").trim());
}

/** Tells of every statement before it is sent, until the returned function is called. */
function onStatement(tell: (statement: Sent) => unknown): () => void {
  return replaced(pg.Client.prototype, "query", (query) => {
    return function (...args) {
      const [first, second] = args;
      const config = (typeof first === "string" ? { text: first } : first) as { text?: string; values?: unknown[] };
      tell({ sql: config.text ?? "", values: config.values ?? (Array.isArray(second) ? second : []) });
      return query.apply(this, args);
    };
  });
}

function replaced(target: object, name: string, make: (original: Method) => Method): () => void {
  const had = Object.hasOwn(target, name);
  const original = Reflect.get(target, name) as Method;
  Reflect.set(target, name, make(original));
  return () => {
    if (had) Reflect.set(target, name, original);
    else Reflect.deleteProperty(target, name);
  };
}
