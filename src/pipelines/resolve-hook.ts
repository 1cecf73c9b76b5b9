/**
 * A module hook (node:module `register`), run in Node's loader thread: "headway-api" is always this installation, and
 * "zod" is this installation's where the importing file can't find its own.
 */
interface Known {
  headway: string;
  zod: string;
}
interface Resolved {
  url: string;
  shortCircuit?: boolean;
}

let known: Known = { headway: "", zod: "" };

export function initialize(data: Known): void {
  known = data;
}

export async function resolve<Context>(
  specifier: string,
  context: Context,
  nextResolve: (specifier: string, context: Context) => Promise<Resolved>,
): Promise<Resolved> {
  if (specifier === "headway-api") return { url: known.headway, shortCircuit: true };
  if (specifier !== "zod") return nextResolve(specifier, context);
  try {
    return await nextResolve(specifier, context);
  } catch {
    return { url: known.zod, shortCircuit: true };
  }
}
