import { readdirSync, realpathSync, statSync } from "node:fs";
import path from "node:path";

/** The user "nobody", which owns nothing, by the number that it has nearly everywhere. */
const NOBODY = 65_534;

/** Whom the child processes of isolated stages run as; empty for whoever runs this. */
export interface SandboxUser {
  readonly uid?: number;
  readonly gid?: number;
}

/** Files of a folder that are looked at, at most. */
const MAX_FILES = 2_000;

/**
 * Another user where this process is root and that user can read all of `needed`, and all modules below its folders: then a child can neither read its
 * parents' environment and memory nor files that are not for everybody.
 * @param warn told in a sentence where it is root's code that only root can read, and the children stay root
 */
export function sandboxUser(
  needed: readonly string[],
  warn: (sentence: string) => void,
  isRoot = process.getuid?.() === 0,
): SandboxUser {
  if (!isRoot) return {};
  const closed = needed.flatMap(withModules).find((one) => !isForEverybody(one));
  if (closed === undefined) return { uid: NOBODY, gid: NOBODY };
  warn(
    `Isolated stages run as root, and could read this process's secrets: ${closed} can't be read by another user. Run Headway as an unprivileged user, or make its code readable for all users (chmod -R a+rX).`,
  );
  return {};
}

/** What to do where a child said this of code that it may not read; empty where it is about something else. */
export function adviceOnUnreadable(said: string, { uid }: SandboxUser): string {
  const denied = /EACCES: [^\n]*/.exec(said);
  if (denied === null || uid === undefined) return "";
  return ` ${denied[0]}. Isolated stages run as the user ${uid} where Headway is root, so everybody must be able to read their code (chmod -R a+rX); or run Headway as an unprivileged user.`;
}

/** The file, or the folder and the modules below it; those of packages are the packages' matter. */
function withModules(file: string): string[] {
  const found = [file];
  for (const one of found) {
    try {
      if (!statSync(one).isDirectory()) continue;
      for (const entry of readdirSync(one, { withFileTypes: true })) {
        const isModule =
          /\.([mc]?[jt]s|json)$/.test(entry.name) || (entry.isDirectory() && entry.name !== "node_modules");
        if (isModule && found.length < MAX_FILES) found.push(path.join(one, entry.name));
      }
    } catch {
      // What does not exist is missed elsewhere.
    }
  }
  return found;
}

/** By its mode, and those of the folders above it. What does not exist is missed elsewhere. */
function isForEverybody(file: string): boolean {
  try {
    const real = realpathSync(file);
    const facts = statSync(real);
    const needs = facts.isDirectory() ? 0o5 : 0o4;
    if ((facts.mode & needs) !== needs) return false;
    for (let folder = path.dirname(real); ; folder = path.dirname(folder)) {
      if ((statSync(folder).mode & 0o1) === 0) return false;
      if (folder === path.dirname(folder)) return true;
    }
  } catch {
    return true;
  }
}
