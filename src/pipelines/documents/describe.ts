import type { CollectionStageOf } from "../builder.js";
import type { DocumentsOptions } from "./options.js";
import { STOP_WORDS } from "./stop-words.js";
import type { ParseOutput } from "./parse.js";
import type { StoreOutput } from "./store.js";

/** Text read per document and in all: enough to tell language and keywords, bounded however large the collection. */
const SAMPLE_LENGTH = 20_000;
const MAX_SAMPLED_LENGTH = 2_000_000;
const KEYWORDS = 20;
const MAX_WORDS = 200_000;

export interface DescribeOutput {
  readonly title: string;
  /** ISO 639-3; "und" if it is not known. */
  readonly language: string;
  readonly keywords: readonly string[];
  readonly documents: number;
  readonly byType: Readonly<Record<string, number>>;
  readonly byStatus: Readonly<Record<string, number>>;
  readonly characters: number;
  readonly chunks: number;
}

/** The stages whose outputs say how much text there is. */
interface Counted {
  readonly parse: ParseOutput;
  readonly store: StoreOutput;
}

/** What the collection is about: language, title, keywords, counts by type and outcome. Becomes `summary.output`. */
export const describeStage: CollectionStageOf<DocumentsOptions, unknown, Counted, DescribeOutput> = {
  run: async (ctx) => {
    const byType: Record<string, number> = {};
    const byStatus: Record<string, number> = {};
    const words = new Map<string, number>();
    let [documents, sampledLength] = [0, 0];
    let sample = "";
    let title: string | null = null;
    for await (const document of ctx.documents()) {
      documents += 1;
      count(byType, document.mediaType ?? "unknown");
      count(byStatus, document.status);
      if (document.status !== "COMPLETED" && document.status !== "SKIPPED") continue;
      title ??= typeof document.metadata.title === "string" ? document.metadata.title : null;
      if (sampledLength >= MAX_SAMPLED_LENGTH) continue;
      const text = (await ctx.documentText(document.id))?.slice(0, SAMPLE_LENGTH) ?? "";
      sampledLength += text.length;
      if (sample.length < SAMPLE_LENGTH) sample += `${text.slice(0, 2_000)}\n`;
      countWords(text, words);
    }
    let [characters, chunks] = [0, 0];
    // Without the text's chunks nothing is stored, and the parser's count is all there is.
    const last = ctx.options.only === "metadata" ? "parse" : "store";
    for await (const { output } of ctx.documentOutputs(last)) {
      characters += output.characters;
      if ("chunks" in output) chunks += output.chunks;
    }
    const { francAll } = await import("franc"); // Loaded here because few processes ever describe, and it is large.
    const language = francAll(sample)[0]?.[0] ?? "und";
    return {
      title: title ?? ctx.collection.name,
      language,
      keywords: top(words),
      documents,
      byType,
      byStatus,
      characters,
      chunks,
    };
  },
  check: ({ documents, byStatus }) => {
    const sum = Object.values(byStatus).reduce((all, one) => all + one, 0);
    if (sum !== documents) throw new Error(`${sum} documents by status are not ${documents}`);
  },
};

function count(counts: Record<string, number>, key: string): void {
  counts[key] = (counts[key] ?? 0) + 1;
}

function countWords(text: string, words: Map<string, number>): void {
  for (const [word] of text.toLowerCase().matchAll(/\p{L}[\p{L}\p{N}-]{3,30}/gu)) {
    if (STOP_WORDS.has(word)) continue;
    if (words.has(word) || words.size < MAX_WORDS) words.set(word, (words.get(word) ?? 0) + 1);
  }
}

function top(words: ReadonlyMap<string, number>): string[] {
  return [...words]
    .sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1))
    .slice(0, KEYWORDS)
    .map(([word]) => word);
}
