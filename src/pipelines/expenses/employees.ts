import type { Json } from "../pipeline.js";
import { nameKey } from "./names.js";
import { CollectionAliases } from "./options.js";

/** The aliases of the job's options, and beside them those of the collection's metadata; the options win. */
export function aliasesOf(
  metadata: Readonly<Record<string, Json>>,
  options: Readonly<Record<string, readonly string[]>>,
): ReadonlyMap<string, string> {
  const ofCollection = CollectionAliases.safeParse(metadata.aliases).data ?? {};
  const names = new Map<string, string>();
  for (const aliases of [ofCollection, options]) {
    for (const [name, others] of Object.entries(aliases)) {
      for (const written of [name, ...others]) names.set(nameKey(written), name);
    }
  }
  return names;
}

/** Gives every way of writing a name the one name; without an alias, the way it was met first. */
export class Employees {
  readonly #met = new Map<string, string>();

  constructor(private readonly aliases: ReadonlyMap<string, string>) {}

  nameOf(written: string | null): string | null {
    if (written === null) return null;
    const key = nameKey(written);
    const known = this.aliases.get(key) ?? this.#met.get(key);
    if (known !== undefined) return known;
    this.#met.set(key, written);
    return written;
  }
}
