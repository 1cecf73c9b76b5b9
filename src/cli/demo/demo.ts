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
import type { Demo } from "./demo-job.js";
import { batchDemo } from "./batch-demo.js";
import { documentsDemo } from "./documents-demo.js";
import { expensesDemo, hasExpensesGenerator } from "./expenses-demo.js";
import { leaveRunning, OUTSIDE_SERVICE_FILE, type LeftRunning } from "./left-running.js";
import { present, type Finished } from "./present.js";
import { withDatabase } from "../direct-database.js";
import { EXIT, UsageError } from "../exit-codes.js";
import { say } from "../print.js";
import { listenForStop, stopInOrder, type StopRequest } from "../stop.js";

/** Longer than anybody leaves a demo standing. */
const DEMO_LIFE_MS = 86_400_000;

const DEMOS = { documents: documentsDemo, expenses: expensesDemo, batch: batchDemo } as const;
type DemoName = keyof typeof DEMOS;
const isDemoName = (word: string): word is DemoName => Object.hasOwn(DEMOS, word);

/**
 * `headway demo`: all the pipelines from end to end, one after the other, over the same API as any client, and a job that is
 * left running. With `--once`, a name or paths: one of them. A folder that is named like a demo is given as ./batch.
 */
export async function runDemo(words: string[], options: { once: boolean; limit: string }): Promise<void> {
  const limitBytes = Number(options.limit);
  if (!Number.isSafeInteger(limitBytes) || limitBytes < 1) {
    throw new HeadwayError(
      "INVALID_INPUT",
      `--limit is "${options.limit}"; it must be a whole number of bytes from 1.`,
    );
  }
  const { names, paths } = await demosNamed(words, options.once);
  hideEnvironment();
  const settings = loadConfig();
  const folder = path.join(settings.dataDir, "demo");
  const stop = listenForStop(settings.graceMs);
  const made = await Promise.all(names.map((name) => DEMOS[name](paths, limitBytes, folder)));
  const demos = made.filter(({ found }) => found.documents.length > 0);
  if (demos.length === 0) {
    throw new HeadwayError(
      "NO_DOCUMENTS",
      `There is no file to process within --limit ${limitBytes}; name others or raise it.`,
    );
  }
  // Alone there is nothing to leave running: who names a demo, or files, asks for these.
  const isTour = names.length > 1;
  const config = {
    ...settings,
    // A port that another Headway holds would end the demo before it began.
    port: options.once ? 0 : settings.port,
    fileRoots: [...settings.fileRoots, ...demos.flatMap(({ found }) => found.roots)],
    pipelineFiles: isTour ? [...settings.pipelineFiles, OUTSIDE_SERVICE_FILE] : settings.pipelineFiles,
  };
  const app = await startApp(config, createLogger(config.logLevel === "info" ? "error" : config.logLevel), {
    signal: stop.signal,
  });
  try {
    const client = new ApiClient(app.url, app.developmentKey ?? (await demoKey(config)));
    if (!options.once) await sayWhereToLook(app, client);
    // First, so that something is under way from the first look on.
    const left = isTour ? await leaveRunning(client, demos[0]!) : null;
    await presentUntil({ stop, app, client, left, once: options.once }, presentAll(client, demos, folder));
  } finally {
    await app.stop();
  }
}

/** The demos one after the other; returns how the last one ended. */
async function presentAll(client: ApiClient, demos: readonly Demo[], folder: string): Promise<Finished> {
  let finished: Finished | null = null;
  for (const demo of demos) finished = await present(client, demo, folder);
  return finished!;
}

/** Each time with a link of its own, for each signs in once. */
async function sayWhereToLook(app: App, client: ApiClient): Promise<void> {
  const page = app.hasConsole ? "" : "/explore";
  const link = app.signInLink === null ? `${client.url}${page}` : await client.signInLink();
  say(`${page === "" ? "Console   " : "Explore   "}  ${link}\nAPI         ${client.url}/graphql\n`);
}

/** @throws {UsageError} where the first word is neither a demo nor a file */
async function demosNamed(
  [first, ...rest]: readonly string[],
  isOne: boolean,
): Promise<{ readonly names: readonly DemoName[]; readonly paths: readonly string[] }> {
  if (first === undefined) return { names: isOne ? ["documents"] : tour(), paths: [] };
  if (isDemoName(first)) return { names: [first], paths: rest };
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
  return { names: ["documents"], paths: [first, ...rest] };
}

const tour = (): DemoName[] => ["documents", "batch", ...(hasExpensesGenerator() ? (["expenses"] as const) : [])];

interface Presentation {
  readonly stop: StopRequest;
  readonly app: App;
  readonly client: ApiClient;
  readonly left: LeftRunning | null;
  readonly once: boolean;
}

async function presentUntil(
  { stop, app, client, left, once }: Presentation,
  presenting: Promise<Finished>,
): Promise<void> {
  const cancelRest = (): Promise<void> | undefined =>
    left?.cancel().catch((error: Error) => say(`The job with outside-service was not cancelled: ${error.message}`));
  const finished = await Promise.race([presenting, stop.asked.then(() => null)]).catch(async (error: unknown) => {
    await cancelRest();
    throw error;
  });
  if (finished === null) process.exitCode = EXIT.interrupted;
  else if (!once) {
    const rest = await left?.rest();
    if (rest) say(`Still running: ${rest}\n`);
    await sayWhereToLook(app, client);
    say("Still serving; stop with Ctrl-C.");
    await stop.asked;
  } else if (finished.status !== "COMPLETED" && finished.status !== "COMPLETED_WITH_ERRORS")
    process.exitCode = EXIT.failed;
  await cancelRest();
  await client.close();
  await presenting.catch(() => undefined); // Where it was cut off above; it only must not print any more.
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
