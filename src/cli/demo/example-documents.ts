import { readdir, realpath, stat } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { HeadwayError } from "../../errors.js";

export interface DemoDocument {
  readonly name: string;
  readonly uri: string;
  readonly sizeBytes: number;
}

export interface DemoDocuments {
  readonly documents: readonly DemoDocument[];
  /** Files that did not fit the limit. */
  readonly leftOut: number;
  /** Folders that the documents may be read from. */
  readonly roots: readonly string[];
}

/** Of this installation: the repository, or the folder of the package. */
export const PROJECT_ROOT = fileURLToPath(new URL("../../../../", import.meta.url));
/** Where the packages are that this one uses: as a package it lies among them. */
const MODULES =
  path.basename(path.dirname(PROJECT_ROOT)) === "node_modules"
    ? path.dirname(PROJECT_ROOT)
    : path.join(PROJECT_ROOT, "node_modules");
const MAX_DEPTH = 8;

/** The project's own examples first, then README files of the installed packages, smallest first, up to limitBytes. */
export async function exampleDocuments(limitBytes: number): Promise<DemoDocuments> {
  const examples = path.join(PROJECT_ROOT, "examples", "documents");
  const own = await filesBelow(examples, examples);
  const readmes = await readmesBelow(MODULES);
  const { taken, leftOut } = smallestFirst(readmes, limitBytes - total(own));
  return { documents: [...own, ...taken], leftOut, roots: [examples, MODULES] };
}

/** The files given, and those below the folders given, smallest first, up to limitBytes. @throws {HeadwayError} NOT_READABLE */
export async function documentsAt(paths: readonly string[], limitBytes: number): Promise<DemoDocuments> {
  const found: DemoDocument[] = [];
  const roots: string[] = [];
  for (const given of paths) {
    const absolute = await realpath(path.resolve(given)).catch(() => {
      throw new HeadwayError("NOT_READABLE", `${given} can't be read; check that it exists and is readable.`);
    });
    const isFolder = (await stat(absolute)).isDirectory();
    roots.push(isFolder ? absolute : path.dirname(absolute));
    const base = isFolder ? absolute : path.dirname(absolute);
    found.push(...(isFolder ? await filesBelow(absolute, base) : [await describe(absolute, path.basename(absolute))]));
  }
  const unique = [...new Map(found.map((document) => [document.name, document])).values()];
  const { taken, leftOut } = smallestFirst(unique, limitBytes);
  return { documents: taken, leftOut, roots };
}

async function filesBelow(folder: string, base: string, depth = 0): Promise<DemoDocument[]> {
  if (depth > MAX_DEPTH) return [];
  const documents: DemoDocument[] = [];
  for (const entry of (await readdir(folder, { withFileTypes: true })).sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (entry.name.startsWith(".") || entry.name === "node_modules") continue;
    const file = path.join(folder, entry.name);
    if (entry.isDirectory()) documents.push(...(await filesBelow(file, base, depth + 1)));
    else if (entry.isFile()) documents.push(await describe(file, path.relative(base, file).split(path.sep).join("/")));
  }
  return documents;
}

async function readmesBelow(modules: string): Promise<DemoDocument[]> {
  const documents: DemoDocument[] = [];
  for (const name of await packageNames(modules)) {
    const file = path.join(modules, name, "README.md");
    const facts = await stat(file).catch(() => null); // Not every package has one.
    if (facts?.isFile() && facts.size > 0) documents.push(await describe(file, `${name}/README.md`));
  }
  return documents;
}

async function packageNames(modules: string): Promise<string[]> {
  const names: string[] = [];
  for (const entry of await readdir(modules)) {
    if (entry.startsWith(".")) continue;
    if (!entry.startsWith("@")) names.push(entry);
    else names.push(...(await readdir(path.join(modules, entry))).map((inner) => `${entry}/${inner}`));
  }
  return names;
}

async function describe(file: string, name: string): Promise<DemoDocument> {
  return { name, uri: pathToFileURL(file).href, sizeBytes: (await stat(file)).size };
}

function smallestFirst(
  documents: readonly DemoDocument[],
  limitBytes: number,
): { taken: DemoDocument[]; leftOut: number } {
  const taken: DemoDocument[] = [];
  let sizeBytes = 0;
  for (const document of [...documents].sort((a, b) => a.sizeBytes - b.sizeBytes || (a.name < b.name ? -1 : 1))) {
    if (sizeBytes + document.sizeBytes > limitBytes) break;
    sizeBytes += document.sizeBytes;
    taken.push(document);
  }
  return { taken, leftOut: documents.length - taken.length };
}

function total(documents: readonly DemoDocument[]): number {
  return documents.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
}
