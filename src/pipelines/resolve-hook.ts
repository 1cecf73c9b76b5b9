import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

/**
 * Module hooks (node:module `register`), run in Node's loader thread: "headway-api" is always this installation, "zod" is
 * this installation's where the importing file can't find its own, and TypeScript is read where Node does not do so itself.
 */
interface Known {
  headway: string;
  zod: string;
  /** The module that takes types out; null where none is needed, or none is there. */
  stripper: string | null;
}
interface Resolved {
  url: string;
  shortCircuit?: boolean;
}
interface Loaded {
  format: string;
  source: string;
  shortCircuit?: boolean;
}
interface Stripper {
  transformSync(source: string, options: { mode: "strip-only"; filename: string; module: true }): { code: string };
}

const TYPESCRIPT = /^file:.*\.m?ts$/;

let known: Known = { headway: "", zod: "", stripper: null };

export function initialize(data: Known): void {
  known = data;
}

export async function resolve<Context extends { parentURL?: string | undefined }>(
  specifier: string,
  context: Context,
  nextResolve: (specifier: string, context: Context) => Promise<Resolved>,
): Promise<Resolved> {
  if (specifier === "headway-api") return { url: known.headway, shortCircuit: true };
  const isFromTypeScript = TYPESCRIPT.test(context.parentURL ?? "");
  const isCompiled = /^\.{1,2}\/.*\.m?js$/.test(specifier);
  if (specifier !== "zod" && !(isFromTypeScript && isCompiled)) return nextResolve(specifier, context);
  try {
    return await nextResolve(specifier, context);
  } catch (error) {
    if (specifier === "zod") return { url: known.zod, shortCircuit: true };
    // TypeScript names its neighbours by what they are once compiled.
    return nextResolve(specifier.replace(/js$/, "ts"), context).catch(() => Promise.reject(error as Error));
  }
}

export async function load<Context>(
  url: string,
  context: Context,
  nextLoad: (url: string, context: Context) => Promise<Loaded>,
): Promise<Loaded> {
  if (known.stripper === null || !TYPESCRIPT.test(url)) return nextLoad(url, context);
  const filename = fileURLToPath(url);
  const source = await readFile(filename, "utf8");
  const { default: stripper } = (await import(known.stripper)) as { default: Stripper };
  try {
    // Blanks stand where types were, so lines and columns are those of the file.
    const { code } = stripper.transformSync(source, { mode: "strip-only", filename, module: true });
    return { format: "module", source: code, shortCircuit: true };
  } catch (thrown) {
    // It throws what is no error.
    const { message, startLine } = thrown as { message?: string; startLine?: number };
    throw new SyntaxError(`${filename}${startLine === undefined ? "" : `:${startLine}`}: ${message ?? String(thrown)}`);
  }
}
