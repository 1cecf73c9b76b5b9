import type { NamedEntityType } from "../../../model/named-entity-types.js";
import type { EntityDraft } from "../../named-entity.js";

/** Rarer names than the first few thousand say little of a collection. */
const MAX_ENTITIES = 2_000;
const MAX_RELATED = 20;
const MAX_DOCUMENTS = 50;
/** Bounds of what is kept while reading: a collection of nothing but new names stops growing here. */
const MAX_NAMES = 100_000;
const MAX_PAIRS = 500_000;

/** A name as one passage has it. */
export interface FoundName {
  readonly name: string;
  readonly type: NamedEntityType;
}

interface Known {
  readonly spellings: Map<string, number>;
  readonly types: Map<NamedEntityType, number>;
  readonly documents: Map<string, number>;
  mentions: number;
}

/** Two entities of the result, the first the more important one, and in how many passages both are named. */
export interface Pair {
  readonly first: string;
  readonly second: string;
  readonly together: number;
}

/** Counts names and which of them stand together, spelled with whatever capitals. */
export class Mentions {
  readonly #known = new Map<string, Known>();
  readonly #pairs = new Map<string, number>();

  /** The names of one passage of a document. */
  add(documentId: string, names: readonly FoundName[]): void {
    const here = new Set<string>();
    for (const { name, type } of names) {
      const key = name.toLowerCase();
      const known = this.#known.get(key) ?? this.#begin(key);
      if (!known) continue;
      known.mentions += 1;
      count(known.spellings, name);
      count(known.types, type);
      count(known.documents, documentId);
      here.add(key);
    }
    const sorted = [...here].sort();
    for (const [index, first] of sorted.entries()) {
      for (const second of sorted.slice(index + 1)) {
        const pair = JSON.stringify([first, second]);
        if (this.#pairs.has(pair) || this.#pairs.size < MAX_PAIRS) count(this.#pairs, pair);
      }
    }
  }

  /** The most named first; pairs of these alone, the most frequent first. */
  result(): { readonly entities: EntityDraft[]; readonly pairs: Pair[] } {
    const ranked = [...this.#known]
      .sort(([a, x], [b, y]) => y.mentions - x.mentions || y.documents.size - x.documents.size || (a < b ? -1 : 1))
      .slice(0, MAX_ENTITIES);
    const names = new Map(ranked.map(([key, { spellings }]) => [key, top(spellings)]));
    const order = new Map(ranked.map(([key], index) => [key, index]));
    const pairs = [...this.#pairs]
      .map(([pair, together]) => ({ keys: JSON.parse(pair) as [string, string], together }))
      .filter(({ keys }) => keys.every((key) => order.has(key)))
      .sort((a, b) => b.together - a.together || order.get(a.keys[0])! - order.get(b.keys[0])!)
      .map(({ keys, together }) => ({ keys: keys.sort((a, b) => order.get(a)! - order.get(b)!), together }));
    const related = new Map<string, { name: string; together: number }[]>(ranked.map(([key]) => [key, []]));
    for (const { keys, together } of pairs) {
      for (const [one, other] of [keys, [...keys].reverse()] as [string, string][]) {
        if (related.get(one)!.length < MAX_RELATED) related.get(one)!.push({ name: names.get(other)!, together });
      }
    }
    return {
      entities: ranked.map(([key, known]) => draft(known, related.get(key)!)),
      pairs: pairs.map(({ keys: [first, second], together }) => ({
        first: names.get(first!)!,
        second: names.get(second!)!,
        together,
      })),
    };
  }

  #begin(key: string): Known | null {
    if (this.#known.size >= MAX_NAMES) return null;
    const known: Known = { spellings: new Map(), types: new Map(), documents: new Map(), mentions: 0 };
    this.#known.set(key, known);
    return known;
  }
}

function draft({ spellings, types, documents, mentions }: Known, related: EntityDraft["related"]): EntityDraft {
  return {
    name: top(spellings),
    type: top(types),
    mentions,
    documentCount: documents.size,
    documents: [...documents]
      .sort((a, b) => b[1] - a[1])
      .slice(0, MAX_DOCUMENTS)
      .map(([documentId, times]) => ({ documentId, mentions: times })),
    related,
  };
}

function count<K>(counts: Map<K, number>, key: K): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

/** The most frequent; of equals the one that came first. */
function top<K>(counts: ReadonlyMap<K, number>): K {
  return [...counts].reduce((best, one) => (one[1] > best[1] ? one : best))[0];
}
