import { realpathSync, statSync } from "node:fs";
import path from "node:path";

/** The user "nobody", which owns nothing, by the number that it has nearly everywhere. */
const NOBODY = 65_534;

/** Whom the child processes of isolated stages run as; empty for whoever runs this. */
export interface SandboxUser {
  readonly uid?: number;
  readonly gid?: number;
}

/**
 * Another user where this process is root and that user can read all of `needed`: then a child can neither read its
 * parents' environment and memory nor files that are not for everybody.
 * @param warn told in a sentence where it is root's code that only root can read, and the children stay root
 */
export function sandboxUser(needed: readonly string[], warn: (sentence: string) => void): SandboxUser {
  if (process.getuid?.() !== 0) return {};
  const closed = needed.find((one) => !isForEverybody(one));
  if (closed === undefined) return { uid: NOBODY, gid: NOBODY };
  warn(
    `Isolated stages run as root, and could read this process's secrets: ${closed} can't be read by another user. Run Headway as a user that may do little, or let everybody read its code (chmod -R a+rX).`,
  );
  return {};
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
