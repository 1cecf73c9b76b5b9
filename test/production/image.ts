import { cp, mkdir, mkdtemp, readFile, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { ROOT } from "../support/processes.js";

/** The image as its Dockerfile makes it, in a folder: what its last stage copies, and the packages that it installs. */
export interface Image {
  /** In the place of /app. */
  readonly folder: string;
  /** What a container runs with this command, in the folder. */
  commandLine(command: readonly string[]): string[];
  remove(): Promise<void>;
}

/** The instructions of the last stage, one a line. */
export async function lastStage(): Promise<readonly string[]> {
  const lines = (await readFile(path.join(ROOT, "Dockerfile"), "utf8")).split("\n");
  return lines.slice(lines.findLastIndex((line) => line.startsWith("FROM ")));
}

export async function layOutImage(): Promise<Image> {
  const stage = await lastStage();
  const folder = await mkdtemp(path.join(tmpdir(), "headway-image-"));
  for (const line of stage) {
    const [, , from, to] = /^COPY (--from=\w+ )?(\S+) (\S+)$/.exec(line) ?? [];
    if (from === undefined || to === undefined) continue;
    const source = from.replace(/^\/app\//, "");
    if (source === "node_modules") await installProduction(folder);
    else await cp(path.join(ROOT, source), path.join(folder, to.endsWith("/") ? source : to), { recursive: true });
  }
  const [program, ...flags] = JSON.parse(instruction(stage, "ENTRYPOINT")) as string[];
  if (program !== "node") throw new Error(`The image runs ${program}, and the test knows node alone.`);
  return {
    folder,
    commandLine: (command) => [
      process.execPath,
      ...[...flags, ...command].map((part) => part.replace(/^\/app\//, `${folder}/`)),
    ],
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

export function instruction(stage: readonly string[], name: string): string {
  const line = stage.find((each) => each.startsWith(`${name} `));
  if (line === undefined) throw new Error(`The Dockerfile's last stage has no ${name}.`);
  return line.slice(name.length + 1);
}

/** What `npm ci --omit=dev` puts beside the code, by the word of the lock file: nothing else can be imported from there. */
async function installProduction(folder: string): Promise<void> {
  const lock = JSON.parse(await readFile(path.join(ROOT, "package-lock.json"), "utf8")) as {
    packages: Record<string, { dev?: boolean; optional?: boolean }>;
  };
  for (const [place, { dev }] of Object.entries(lock.packages)) {
    if (!/^node_modules\/(@[^/]+\/)?[^/]+$/.test(place) || dev) continue;
    await mkdir(path.dirname(path.join(folder, place)), { recursive: true });
    // A package for another platform is a link to nowhere, as it is absent there.
    await symlink(path.join(ROOT, place), path.join(folder, place), "dir");
  }
}
