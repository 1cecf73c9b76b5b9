import path from "node:path";
import { access } from "node:fs/promises";
import { startApp, type App } from "../../app.js";
import { hideEnvironment } from "../../config/environment.js";
import { loadConfig, type Config } from "../../config.js";
import { createKey } from "../../access/keys.js";
import { DEFAULT_PROJECT_ID } from "../../access/projects.js";
import { HeadwayError } from "../../errors.js";
import { createLogger } from "../../logger.js";
import { ApiClient } from "../client.js";
import { settledJob, submitDemo, watchDemo, type Demo, type Summary } from "./demo-job.js";
import { batchDemo } from "./batch-demo.js";
import { documentsDemo } from "./documents-demo.js";
import { expensesDemo } from "./expenses-demo.js";
import { withDatabase } from "../direct-database.js";
import { EXIT, UsageError } from "../exit-codes.js";
import { listenForStop, stopInOrder, type StopRequest } from "../stop.js";

/** Longer than anybody leaves a demo standing. */
const DEMO_LIFE_MS = 86_400_000;

const DEMOS = { documents: documentsDemo, expenses: expensesDemo, batch: batchDemo } as const;
type DemoName = keyof typeof DEMOS;
const isDemoName = (word: string): word is DemoName => Object.hasOwn(DEMOS, word);

/**
 * `headway demo [documents|expenses|batch] [paths…]`: one of the pipelines from end to end, over the same API as any
 * client. A folder that is named like a demo is given as ./batch.
 */
export async function runDemo(words: string[], options: { once: boolean; limit: string }): Promise<void> {
  const limitBytes = Number(options.limit);
  if (!Number.isSafeInteger(limitBytes) || limitBytes < 1) {
    throw new HeadwayError(
      "INVALID_INPUT",
      `--limit is "${options.limit}"; it must be a whole number of bytes from 1.`,
    );
  }
  const { name, paths } = await demoNamed(words);
  hideEnvironment();
  const settings = loadConfig();
  const folder = path.join(settings.dataDir, "demo");
  const stop = listenForStop(settings.graceMs);
  const demo = await DEMOS[name](paths, limitBytes, folder);
  if (demo.found.documents.length === 0) {
    throw new HeadwayError(
      "NO_DOCUMENTS",
      `There is no file to process within --limit ${limitBytes}; name others or raise it.`,
    );
  }
  // A port that another Headway holds would end the demo before it began.
  const config = {
    ...settings,
    port: options.once ? 0 : settings.port,
    fileRoots: [...settings.fileRoots, ...demo.found.roots],
  };
  const app = await startApp(config, createLogger(config.logLevel === "info" ? "error" : config.logLevel), {
    signal: stop.signal,
  });
  try {
    const client = new ApiClient(app.url, app.developmentKey ?? (await demoKey(config)));
    await presentUntil(
      { stop, app, client, once: options.once },
      present({
        client,
        demo,
        folder,
        once: options.once,
        page: app.hasConsole ? "" : "/explore",
        isLinked: app.signInLink !== null,
      }),
    );
  } finally {
    await app.stop();
  }
}

/** @throws {UsageError} where the first word is neither a demo nor a file */
async function demoNamed([first, ...rest]: readonly string[]): Promise<{ name: DemoName; paths: readonly string[] }> {
  if (first === undefined) return { name: "documents", paths: [] };
  if (isDemoName(first)) return { name: first, paths: rest };
  const isWord = /^[a-z-]+$/i.test(first);
  if (
    isWord &&
    !(await access(first).then(
      () => true,
      () => false,
    ))
  ) {
    const known = Object.keys(DEMOS).join(", ");
    throw new UsageError(`There is no demo "${first}", nor a file of that name; the demos are ${known}.`);
  }
  return { name: "documents", paths: [first, ...rest] };
}

async function presentUntil(
  { stop, app, client, once }: { stop: StopRequest; app: App; client: ApiClient; once: boolean },
  presenting: Promise<Finished>,
): Promise<void> {
  const finished = await Promise.race([presenting, stop.asked.then(() => null)]);
  if (finished === null) {
    process.exitCode = EXIT.interrupted;
    await client.close();
    await presenting.catch(() => undefined); // Cut off above; it only must not print any more.
  } else if (!once) {
    process.stdout.write("\nStill serving; stop with Ctrl-C.\n");
    await stop.asked;
  } else if (finished.status !== "COMPLETED" && finished.status !== "COMPLETED_WITH_ERRORS")
    process.exitCode = EXIT.failed;
  await client.close();
  if (!once || finished === null) await stopInOrder(app, await stop.asked);
  else await app.stop();
  if (once && finished) process.stdout.write(`${JSON.stringify(finished)}\n`);
}

/** A key of the demo's own, on a database that is not embedded and has none for it. */
function demoKey(config: Config): Promise<string> {
  const grant = { projectId: DEFAULT_PROJECT_ID, name: "demo", role: "OPERATOR", lifeMs: DEMO_LIFE_MS } as const;
  return withDatabase(
    config,
    async (db) => (await createKey(db, { ...grant, scope: null, createdBy: "headway demo" })).key,
  );
}

/** The last line of `--once`. */
interface Finished {
  readonly jobId: string;
  readonly status: string;
  readonly counts: object;
  readonly durationMs: number;
}
interface Presentation {
  readonly client: ApiClient;
  readonly demo: Demo;
  readonly folder: string;
  readonly once: boolean;
  /** The path of the page to look at, after the server's address. */
  readonly page: string;
  /** Whether the server gives links that sign in. */
  readonly isLinked: boolean;
}

async function present({ client, demo, folder, once, page, isLinked }: Presentation): Promise<Finished> {
  const { documents, leftOut } = demo.found;
  const sizeKb = Math.round(documents.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0) / 1000);
  const rest = leftOut > 0 ? `; ${leftOut} more files are left out by --limit` : "";
  process.stdout.write(`Processing ${documents.length} documents (${sizeKb} KB) with ${demo.pipeline}${rest}.\n`);
  const job = await submitDemo(client, demo);
  await watchDemo(client, job, documents.length);
  const { status, counts, summary } = await settledJob(client, job.id);
  printSummary(summary);
  const shown = await demo.show({ client, collectionId: job.collectionId, jobId: job.id, summary, folder });
  if (!once) {
    const link = isLinked ? await client.signInLink() : `${client.url}${page}`;
    process.stdout.write(
      `\n${page === "" ? "Console   " : "Explore   "}  ${link}\nAPI         ${client.url}/graphql\n`,
    );
  }
  return { jobId: job.id, status, counts, durationMs: Math.round(summary.durationMs), ...shown };
}

function printSummary({ status, durationMs, stages, errors }: Summary): void {
  const lines = [
    `\n${status} after ${(durationMs / 1000).toFixed(1)} s`,
    "",
    "  stage        count    p50 ms    p95 ms",
  ];
  for (const { stage, count, p50Ms, p95Ms } of stages) {
    lines.push(
      `  ${stage.padEnd(11)} ${String(count).padStart(6)} ${p50Ms.toFixed(1).padStart(9)} ${p95Ms.toFixed(1).padStart(9)}`,
    );
  }
  lines.push("", errors.length === 0 ? "  no errors" : "  errors");
  for (const { code, stage, count } of errors) lines.push(`  ${code} at ${stage ?? "?"}: ${count}`);
  process.stdout.write(`${lines.join("\n")}\n`);
}
