import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { startApp } from "../src/app.js";
import { loadConfig } from "../src/config.js";
import { ApiClient } from "../src/cli/client.js";
import { createLogger } from "../src/logger.js";
import { keyIn } from "../test/support/keys.js";
import { tablesScanned } from "../test/support/plans.js";
import { ROOT } from "../test/support/processes.js";
import { sentIn, type Sent } from "../test/support/statements.js";
import { withClient, type Servers } from "./servers.js";

const FOLDER = path.join(ROOT, "bench", "plans");
/** What the process asks for by itself between requests may fall into one of them, and not into all. */
const TRIES = 3;

/** An operation of bench/b4.graphql, and the cursor that its page comes behind. */
export interface Request {
  readonly name: string;
  readonly text: string;
  readonly page: string;
  readonly variables: Readonly<Record<string, string>>;
}

/**
 * Sends the requests to an API in this process, and looks at the SQL that each takes. Writes the plans to bench/plans, and
 * says which are others than those that were there.
 */
export async function statementsAndPlans(
  servers: Servers,
  databaseUrl: string,
  requests: readonly Request[],
  say: (line: string) => void,
): Promise<{ readonly statements: number[]; readonly scans: string[] }> {
  const config = loadConfig({
    DATABASE_URL: databaseUrl,
    HEADWAY_DATA_DIR: path.join(servers.dataDir, "plans"),
    HEADWAY_ROLES: "api",
    HEADWAY_PORT: "0",
    HEADWAY_EMBEDDER: "hash",
    HEADWAY_REQUESTS_PER_SECOND: "1000000",
  });
  const app = await startApp(config, createLogger("error"));
  const client = new ApiClient(app.url, await keyIn(databaseUrl));
  try {
    const statements: number[] = [];
    const scans: string[] = [];
    const written = new Map<string, string[]>();
    for (const request of requests) {
      const sent = await leastSent(client, request);
      statements.push(sent.length);
      const parts = [`# ${request.page}: ${sent.length} ${sent.length === 1 ? "statement" : "statements"}`];
      for (const one of sent) {
        const { text, scanned } = await explained(databaseUrl, one);
        parts.push(text);
        for (const table of scanned) scans.push(`${table} in ${request.name}, ${request.page}`);
      }
      written.set(request.name, [...(written.get(request.name) ?? []), parts.join("\n\n")]);
    }
    await mkdir(FOLDER, { recursive: true });
    for (const [name, pages] of written) await keepPlan(name, `${pages.join("\n\n")}\n`, say);
    return { statements, scans };
  } finally {
    await client.close();
    await app.stop();
  }
}

async function leastSent(client: ApiClient, { text, variables }: Request): Promise<readonly Sent[]> {
  const tries: (readonly Sent[])[] = [];
  for (let n = 0; n < TRIES; n += 1) tries.push(await sentIn(() => client.query(text, variables)));
  return tries.reduce((least, one) => (one.length < least.length ? one : least));
}

/** The plan as text, and the large tables that it reads from end to end. */
async function explained(databaseUrl: string, { sql, values }: Sent): Promise<{ text: string; scanned: string[] }> {
  return withClient(databaseUrl, async (db) => {
    const lines = await db.query<{ "QUERY PLAN": string }>(`explain (costs off) ${sql}`, [...values]);
    const tree = await db.query(`explain (format json) ${sql}`, [...values]);
    return {
      text: lines.rows.map((row) => row["QUERY PLAN"]).join("\n"),
      scanned: tablesScanned(tree.rows[0]["QUERY PLAN"][0].Plan),
    };
  });
}

async function keepPlan(name: string, text: string, say: (line: string) => void): Promise<void> {
  const file = path.join(FOLDER, `${name}.txt`);
  const before = await readFile(file, "utf8").catch(() => null);
  if (before === text) return;
  if (before !== null) say(`${name}: another plan than the one in ${path.relative(ROOT, file)}, which is written anew`);
  await writeFile(file, text);
}
