import { readdir, stat } from "node:fs/promises";
import path from "node:path";
import { UsageError } from "./exit-codes.js";
import { plain } from "./print.js";

/** A file that becomes a document. */
export interface SubmitFile {
  /** The document's: relative to the folder given, with "/" between its parts. */
  readonly name: string;
  readonly file: string;
  readonly sizeBytes: number;
}

/**
 * The files given, and those below the folders given, in the order of their names. Hidden files and links inside folders
 * are left out, like node_modules. @throws {UsageError} on what can't be read, on nothing at all, and on two of one name
 */
export async function filesAt(paths: readonly string[]): Promise<SubmitFile[]> {
  const found = new Map<string, SubmitFile>();
  for (const given of paths) {
    const file = path.resolve(given);
    const facts = await stat(file).catch((error: NodeJS.ErrnoException) => {
      throw new UsageError(`${given} can't be read (${error.code}); check that it exists and is readable.`);
    });
    if (!facts.isDirectory() && !facts.isFile()) {
      throw new UsageError(`${given} is neither a file nor a folder.`);
    }
    const files = facts.isDirectory()
      ? await filesBelow(file, file)
      : [{ name: path.basename(file), file, sizeBytes: facts.size }];
    for (const next of files) {
      const other = found.get(next.name);
      if (other && other.file !== next.file) throw new UsageError(twoOfOneName(next, other));
      found.set(next.name, next);
    }
  }
  if (found.size === 0) throw new UsageError(`There is no file in ${paths.map(plain).join(", ")}.`);
  return [...found.values()];
}

function twoOfOneName(one: SubmitFile, other: SubmitFile): string {
  return `${other.file} and ${one.file} would both be the document "${one.name}"; submit a folder that holds both, or one after the other.`;
}

async function filesBelow(folder: string, base: string): Promise<SubmitFile[]> {
  const files: SubmitFile[] = [];
  for (const entry of (await readdir(folder, { withFileTypes: true })).sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (entry.name.startsWith(".") || entry.name === "node_modules") continue;
    const file = path.join(folder, entry.name);
    if (entry.isDirectory()) files.push(...(await filesBelow(file, base)));
    else if (entry.isFile()) {
      const name = path.relative(base, file).split(path.sep).join("/");
      files.push({ name, file, sizeBytes: (await stat(file)).size });
    }
  }
  return files;
}
