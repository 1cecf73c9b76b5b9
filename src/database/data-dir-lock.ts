import { open, readFile, rm, stat } from "node:fs/promises";
import path from "node:path";
import { HeadwayError } from "../errors.js";

/** One Headway per data folder: a file with the owner's pid, made exclusively; a dead owner's is taken over. */
export async function lockDataDir(dataDir: string): Promise<() => Promise<void>> {
  const file = path.join(dataDir, "headway.pid");
  for (;;) {
    try {
      const handle = await open(file, "wx");
      await handle.writeFile(String(process.pid));
      await handle.close();
      return () => rm(file, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
    const pid = Number(await readFile(file, "utf8").catch(() => "0"));
    if (pid > 0 && pid !== process.pid && isAlive(pid) && (await isNode(pid))) {
      throw new HeadwayError(
        "DATA_DIR_IN_USE",
        `Process ${pid} serves from ${dataDir} already; stop it, or set HEADWAY_DATA_DIR or DATABASE_URL.`,
      );
    }
    await rm(file, { force: true });
  }
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** Whether that process is a Node one: a pid may have been given to something else since. Unknown counts as yes. */
async function isNode(pid: number): Promise<boolean> {
  if (
    !(await stat("/proc/self").then(
      () => true,
      () => false,
    ))
  )
    return true;
  const command = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
  return command.includes("node") || command.includes("headway");
}
