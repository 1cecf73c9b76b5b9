import { execFile, spawn, type ChildProcess } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { ROOT } from "../support/root.js";
import { until } from "../support/until.js";

const execute = promisify(execFile);

/** A folder of somebody who has nothing but Node and npm. Its environment has no setting of ours. */
export class Stranger {
  readonly #children: ChildProcess[] = [];

  private constructor(readonly folder: string) {}

  static async arrives(): Promise<Stranger> {
    return new Stranger(await mkdtemp(path.join(tmpdir(), "headway-stranger-")));
  }

  at(...parts: string[]): string {
    return path.join(this.folder, ...parts);
  }

  async writes(files: Readonly<Record<string, string>>): Promise<void> {
    for (const [name, text] of Object.entries(files)) await writeFile(this.at(name), text);
  }

  /** Runs a program to its end; returns its standard output. @throws with all that it has said, where its exit code is not 0 */
  runs(program: string, ...args: string[]): Promise<string> {
    return this.runsWith({}, program, ...args);
  }

  /** The same with these settings. */
  async runsWith(settings: Readonly<Record<string, string>>, program: string, ...args: string[]): Promise<string> {
    const options = { cwd: this.folder, env: { ...this.#env(), ...settings }, maxBuffer: 16_000_000 };
    const { stdout } = await execute(program, args, options).catch((error: unknown) => {
      const { stdout = "", stderr = "" } = error as { stdout?: string; stderr?: string };
      throw new Error(`${[program, ...args].join(" ")} failed:\n${stdout}${stderr}`, { cause: error });
    });
    return stdout;
  }

  /** Starts a server, and returns what it has said by the time it is ready. */
  async starts(settings: Readonly<Record<string, string>>, ...command: string[]): Promise<string> {
    const [program, ...args] = command;
    const child = spawn(program!, args, {
      cwd: this.folder,
      env: { ...this.#env(), ...settings },
      stdio: ["ignore", "pipe", "pipe"],
      // A group of its own, which is stopped as a terminal's Ctrl-C stops it: npx with what it has started.
      detached: true,
    });
    this.#children.push(child);
    let said = "";
    child.stdout.on("data", (part: Buffer) => (said += part.toString()));
    child.stderr.on("data", (part: Buffer) => (said += part.toString()));
    await until(`${command.join(" ")} is ready`, () => {
      if (child.exitCode !== null) throw new Error(`It ended with ${child.exitCode}:\n${said}`);
      return said.includes("Stop with Ctrl-C");
    });
    return said;
  }

  /** Stops what was started, and removes the folder. */
  async leaves(): Promise<void> {
    await this.stops();
    await rm(this.folder, { recursive: true, force: true });
  }

  async stops(): Promise<void> {
    for (const child of this.#children.splice(0)) {
      const gone = new Promise((resolve) => child.once("close", resolve));
      if (child.exitCode !== null || child.signalCode !== null) continue;
      process.kill(-child.pid!, "SIGINT");
      await gone;
    }
  }

  #env(): NodeJS.ProcessEnv {
    return { PATH: process.env.PATH, HOME: process.env.HOME };
  }
}

/** The tarball that npm publishes, of the build that is there. */
export async function tarballIn(folder: string): Promise<string> {
  await execute("npm", ["pack", "--ignore-scripts", "--pack-destination", folder], {
    cwd: ROOT,
    maxBuffer: 16_000_000,
  });
  const { version } = JSON.parse(await readFile(path.join(ROOT, "package.json"), "utf8")) as { version: string };
  return path.join(folder, `headway-api-${version}.tgz`);
}
