import { realpath } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { PermanentError, UserFault } from "../errors.js";

/**
 * Sees that a `uri` is one that may be read: `file:` below one of the roots, links followed. A file that does not
 * exist is let through: its task fails at `download`, with its name.
 * @throws {UserFault} URI_REFUSED
 */
export async function assertFileUri(uri: string, roots: readonly string[], field: readonly string[]): Promise<void> {
  try {
    await resolveFileUri(uri, roots);
  } catch (error) {
    if (!(error instanceof PermanentError)) throw error;
    if (error.code === "NOT_READABLE") return;
    throw new UserFault("URI_REFUSED", error.message, field);
  }
}

/**
 * The real path behind a `file:` URI.
 * @throws {PermanentError} URI_REFUSED outside the roots or of another scheme, NOT_READABLE where there is no such file
 */
export async function resolveFileUri(uri: string, roots: readonly string[]): Promise<string> {
  let file: string;
  try {
    const url = new URL(uri);
    if (url.protocol !== "file:") throw new Error(`the scheme ${url.protocol} is not supported, use file:`);
    file = fileURLToPath(url);
    if (file.includes("\0")) throw new Error("it contains the character U+0000");
  } catch (error) {
    throw refused(uri, error instanceof Error ? error.message : String(error));
  }
  if (roots.length === 0) throw refused(uri, "no folder is open to file: sources; name them in HEADWAY_FILE_ROOTS");
  if (!isBelow(file, roots)) throw refused(uri, "it is outside the folders of HEADWAY_FILE_ROOTS");
  let real: string;
  try {
    real = await realpath(file);
  } catch (error) {
    throw new PermanentError(
      "NOT_READABLE",
      `${file} can't be read (${(error as NodeJS.ErrnoException).code}); see that it exists and may be read.`,
    );
  }
  const realRoots = await Promise.all(roots.map((root) => realpath(root).catch(() => root)));
  if (!isBelow(real, realRoots)) throw refused(uri, "it leads outside the folders of HEADWAY_FILE_ROOTS");
  return real;
}

function isBelow(file: string, roots: readonly string[]): boolean {
  const absolute = path.resolve(file);
  return roots.some((root) => {
    const relative = path.relative(path.resolve(root), absolute);
    return (
      relative === "" || (!relative.startsWith(`..${path.sep}`) && relative !== ".." && !path.isAbsolute(relative))
    );
  });
}

function refused(uri: string, why: string): PermanentError {
  return new PermanentError("URI_REFUSED", `${uri.slice(0, 500)} is refused: ${why}.`);
}
