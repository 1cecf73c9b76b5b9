import { fork, type ChildProcess } from "node:child_process";
import { readdir, stat } from "node:fs/promises";
import path from "node:path";
import { hideEnvironment, wholeEnvironment } from "../config/environment.js";
import { loadConfig } from "../config.js";
import { UsageError } from "./exit-codes.js";
import { say } from "./print.js";

const LOOK_MS = 300;
/** Who has changed a file does not wait for what ran before: it is given back, uncounted. */
const GRACE_MS = 3_000;
const MAX_DEPTH = 5;
/** Not .json: a stage may write such beside its code, and would stop its own server. */
const CODE = /\.m?[jt]s$/;

/**
 * `headway dev`: `headway start` in a process of its own, which is started anew when a file of HEADWAY_PIPELINES changes, or
 * one beside or below it. A pipeline that can't be loaded is told, and waited for.
 */
export async function runDev(): Promise<void> {
  hideEnvironment();
  const { pipelineFiles, graceMs } = loadConfig();
  if (pipelineFiles.length === 0) {
    throw new UsageError("HEADWAY_PIPELINES is not set. Set it to the file or folder of the pipelines to reload.");
  }
  const server = new Server({ ...wholeEnvironment(), HEADWAY_GRACE_MS: String(Math.min(graceMs, GRACE_MS)) });
  let stopAsked: NodeJS.Signals | null = null;
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => {
      stopAsked ??= signal;
      server.signal(signal);
    });
  }
  let seen = await looksOf(pipelineFiles);
  server.start();
  while (stopAsked === null) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    const now = await looksOf(pipelineFiles);
    const changed = [...now, ...seen].find(([file]) => now.get(file) !== seen.get(file))?.[0];
    seen = now;
    if (changed === undefined || stopAsked !== null) continue;
    say(`${changed} has changed; restarting.`);
    await server.stop();
    if (stopAsked === null) server.start();
  }
  process.exitCode = await server.gone();
}

/** The process that serves, if one does just then. */
class Server {
  #child: ChildProcess | null = null;
  #gone: Promise<number> = Promise.resolve(0);
  #isAsked = false;

  constructor(private readonly env: Readonly<Record<string, string>>) {}

  start(): void {
    this.#isAsked = false;
    // The channel tells it when this process has gone, however that ends.
    const child = fork(new URL("./main.js", import.meta.url), ["start"], {
      env: { ...this.env },
      execArgv: ["--enable-source-maps"],
    });
    this.#child = child;
    this.#gone = new Promise((resolve) => {
      child.once("exit", (code) => {
        this.#child = null;
        if (!this.#isAsked)
          say(`Headway has ended with ${code ?? "a signal"}; it is started again when a file changes.`);
        resolve(code ?? 1);
      });
    });
  }

  signal(name: NodeJS.Signals): void {
    this.#isAsked = true;
    this.#child?.kill(name);
  }

  async stop(): Promise<void> {
    this.signal("SIGINT");
    await this.#gone;
  }

  gone(): Promise<number> {
    return this.#gone;
  }
}

/** Every file of code that counts, with what tells one state of it from another. */
async function looksOf(entries: readonly string[]): Promise<Map<string, string>> {
  const looks = new Map<string, string>();
  const look = async (file: string, depth: number): Promise<void> => {
    const facts = await stat(file).catch(() => null); // It may be just being replaced.
    if (facts?.isFile()) looks.set(file, `${facts.size} ${facts.mtimeMs} ${facts.ino}`);
    if (!facts?.isDirectory() || depth > MAX_DEPTH) return;
    for (const name of await readdir(file).catch(() => [])) {
      if (name.startsWith(".") || name === "node_modules") continue;
      if (CODE.test(name) || !name.includes(".")) await look(path.join(file, name), depth + 1);
    }
  };
  for (const entry of entries) {
    const facts = await stat(entry).catch(() => null);
    await look(facts?.isDirectory() ? entry : path.dirname(entry), 0);
  }
  return looks;
}
