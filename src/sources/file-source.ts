import { constants } from "node:fs";
import { open, stat, type FileHandle } from "node:fs/promises";
import type { Readable } from "node:stream";
import { resolveFileUri } from "./uri.js";
import { PermanentError } from "../errors.js";

/** A link at the end is not followed (the path is real already), and a pipe that nobody writes to does not hold us up. */
const FLAGS = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW;

/**
 * Opens the file behind a `file:` URI. It is opened first and looked at then, so that what is read is what was checked,
 * even where somebody puts a link in its place between the two.
 * @throws {PermanentError} URI_REFUSED outside the roots, NOT_READABLE for what is missing, no plain file, or forbidden
 */
export async function openFile(uri: string, roots: readonly string[]): Promise<Readable> {
  const file = await resolveFileUri(uri, roots);
  let handle: FileHandle;
  try {
    handle = await open(file, FLAGS);
  } catch (error) {
    throw unreadable(file, (error as NodeJS.ErrnoException).code ?? "unknown");
  }
  try {
    const opened = await handle.stat();
    if (!opened.isFile()) throw unreadable(file, opened.isDirectory() ? "EISDIR" : "it is not a regular file");
    const checked = await stat(await resolveFileUri(uri, roots));
    if (checked.ino !== opened.ino || checked.dev !== opened.dev) {
      throw unreadable(file, "it was replaced while it was opened");
    }
    return handle.createReadStream();
  } catch (error) {
    await handle.close();
    throw error;
  }
}

function unreadable(file: string, why: string): PermanentError {
  return new PermanentError("NOT_READABLE", `${file} can't be read (${why}); check that it is a file and readable.`);
}
