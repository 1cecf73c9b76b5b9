import { readFileSync, readdirSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

/** Of Linux's /proc/<pid>/stat: 100 to the second. */
const TICKS_A_SECOND = 100;

/** Memory of a process that is in use, in bytes. @throws when it has gone, or where there is no /proc */
export function residentBytes(pid: number): number {
  const kibibytes = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  if (kibibytes === undefined) throw new Error(`Process ${pid} has no memory of its own.`);
  return Number(kibibytes) * 1_024;
}

/** The highest that a process's memory comes to while `work` goes on, looked at every 20 ms, and what it was before. */
export async function highestWhile<T>(
  pid: number,
  work: () => Promise<T>,
): Promise<{ readonly beforeBytes: number; readonly highestBytes: number; readonly result: T }> {
  const beforeBytes = residentBytes(pid);
  let highestBytes = beforeBytes;
  const timer = setInterval(() => (highestBytes = Math.max(highestBytes, residentBytes(pid))), 20);
  try {
    const result = await work();
    return { beforeBytes, highestBytes: Math.max(highestBytes, residentBytes(pid)), result };
  } finally {
    clearInterval(timer);
  }
}

/** Seconds of processor time that each process has had so far, by its id. Ended ones are not in it. */
export function processorSeconds(): ReadonlyMap<number, { readonly name: string; readonly seconds: number }> {
  const seen = new Map<number, { name: string; seconds: number }>();
  for (const entry of readdirSync("/proc")) {
    if (!/^\d+$/.test(entry)) continue;
    try {
      const stat = readFileSync(`/proc/${entry}/stat`, "utf8");
      const end = stat.lastIndexOf(")");
      const fields = stat.slice(end + 2).split(" ");
      const seconds = (Number(fields[11]) + Number(fields[12])) / TICKS_A_SECOND;
      seen.set(Number(entry), { name: stat.slice(stat.indexOf("(") + 1, end), seconds });
    } catch (error) {
      // It ended while we looked.
      if (!["ENOENT", "ESRCH"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
    }
  }
  return seen;
}

/** Seconds of processor time since `before`, by who took them; of the named processes, of Postgres and of Redis. */
export function processorSecondsBy(
  names: ReadonlyMap<number, string>,
  before: ReturnType<typeof processorSeconds>,
): ReadonlyMap<string, number> {
  const sums = new Map<string, number>();
  for (const [pid, { name, seconds }] of processorSeconds()) {
    const server = name.startsWith("postgres") ? "Postgres" : name.startsWith("redis") ? "Redis" : null;
    const who = names.get(pid) ?? server;
    if (who !== null) sums.set(who, (sums.get(who) ?? 0) + seconds - (before.get(pid)?.seconds ?? 0));
  }
  return sums;
}

/** Waits until memory moves less than 1 MB a second, at most `mostMs`. */
export async function settledBytes(pid: number, mostMs = 15_000): Promise<number> {
  let before = residentBytes(pid);
  for (let waited = 0; waited < mostMs; waited += 1_000) {
    await sleep(1_000);
    const now = residentBytes(pid);
    if (Math.abs(now - before) < 1_000_000) return now;
    before = now;
  }
  return before;
}

/** Processes of a group whose command line holds `part`. */
export function groupMembers(group: number, part: string): number[] {
  return readdirSync("/proc").flatMap((entry) => {
    if (!/^\d+$/.test(entry)) return [];
    try {
      const stat = readFileSync(`/proc/${entry}/stat`, "utf8");
      const isMember = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[2]) === group;
      return isMember && readFileSync(`/proc/${entry}/cmdline`, "utf8").includes(part) ? [Number(entry)] : [];
    } catch (error) {
      if (["ENOENT", "ESRCH"].includes((error as NodeJS.ErrnoException).code ?? "")) return [];
      throw error;
    }
  });
}
