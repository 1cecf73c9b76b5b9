import { rmSync } from "node:fs";
import { open, readFile, rm } from "node:fs/promises";
import path from "node:path";
import { HeadwayError } from "../errors.js";
import { identityOf } from "./process-identity.js";

/** The right to a data folder. */
export interface DataDirLock {
  release(): Promise<void>;
  /** For the end without order. */
  releaseNow(): void;
}

/**
 * One Headway per data folder: a file made exclusively, with the owner's pid and, since a pid is given to others in
 * time (in containers soon), its identity. A dead owner's is taken over.
 * @throws {HeadwayError} DATA_DIR_IN_USE
 */
export async function lockDataDir(dataDir: string): Promise<DataDirLock> {
  const file = path.join(dataDir, "headway.pid");
  for (;;) {
    try {
      const handle = await open(file, "wx");
      await handle.writeFile(`${process.pid}\n${identityOf(process.pid) ?? ""}\n`);
      await handle.close();
      return { release: () => rm(file, { force: true }), releaseNow: () => rmSync(file, { force: true }) };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
    const [pid, identity] = (await readFile(file, "utf8").catch(() => "")).split("\n");
    if (pid !== String(process.pid) && isAlive(Number(pid)) && (identityOf(Number(pid)) ?? "") === identity) {
      throw new HeadwayError(
        "DATA_DIR_IN_USE",
        `Process ${pid} serves from ${dataDir} already; stop it, or set HEADWAY_DATA_DIR or DATABASE_URL.`,
      );
    }
    await rm(file, { force: true });
  }
}

function isAlive(pid: number): boolean {
  if (!(pid > 0)) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
