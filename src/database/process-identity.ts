import { execFileSync } from "node:child_process";
import { readFileSync, statSync } from "node:fs";
import { userInfo } from "node:os";

/**
 * Tells a process from a later one that was given its pid: the boot it lives in and when it began. Null where no such
 * process lives, or where this system can't tell (neither /proc nor ps).
 */
export function identityOf(pid: number): string | null {
  const stat = readOrNull(`/proc/${pid}/stat`);
  // The program's name, in brackets, may hold anything; field 22, when it began, is the twentieth after it.
  if (stat !== null)
    return `${readOrNull("/proc/sys/kernel/random/boot_id")?.trim()} ${stat.replace(/^.*\) /s, "").split(" ")[19]}`;
  return ask("lstart", pid);
}

/** Whether this process is the Postgres that runs on `cluster`: only such a one is ever signalled or adopted. */
export function isServerOf(pid: number, cluster: string): boolean {
  // A server's working directory is its cluster, by whichever path that was named. Of somebody else's process it can't
  // be read, and a server of ours runs as whoever runs this, or as another user when that is root.
  if (readOrNull("/proc/self/stat") !== null) {
    try {
      const [works, stands] = [statSync(`/proc/${pid}/cwd`), statSync(cluster)];
      return (
        works.dev === stands.dev &&
        works.ino === stands.ino &&
        (readOrNull(`/proc/${pid}/cmdline`) ?? "").includes("postgres")
      );
    } catch {
      return false;
    }
  }
  const command = ask("args", pid);
  return command !== null && command.includes("postgres") && command.includes(cluster);
}

/** The name of whoever runs this; null for a user id that has none, as containers are given by some platforms. */
export function userName(): string | null {
  try {
    return userInfo().username;
  } catch {
    return null;
  }
}

function ask(column: "lstart" | "args", pid: number): string | null {
  try {
    const said = execFileSync("ps", ["-o", `${column}=`, "-p", String(pid)], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });
    return said.trim() || null;
  } catch {
    return null;
  }
}

function readOrNull(file: string): string | null {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return null;
  }
}
