import type { CollectionStageOf } from "../../builder.js";
import type { DocumentsOptions } from "../options.js";
import { PARSER_MEMORY_MIB } from "../parse.js";
import { Mentions } from "./mentions.js";
import { counted } from "../../../counted.js";
import { graphml } from "./graphml.js";

/** Some 30,000 characters a second: the whole is read in half a minute, however large the collection. */
const MAX_DOCUMENT_LENGTH = 200_000;
const MAX_TOTAL_LENGTH = 1_000_000;
/** Language can be told of a text this long; shorter ones are taken as they come. */
const MIN_TELLING_LENGTH = 300;
/** What stands in one passage is close by: as much as a chunk by default. */
const PASSAGE_LENGTH = 1_000;
/** A list of names: to pair all of them would say nothing and cost much. */
const MAX_NAMES_A_PASSAGE = 30;

export interface GraphOutput {
  readonly entities: number;
  readonly pairs: number;
}

/**
 * People, places and organizations that English documents name, and which of them occur in the same passages: as rows
 * and as graph.graphml. In a child process: it is whole seconds of one core.
 */
export const graphStage: CollectionStageOf<DocumentsOptions, unknown, unknown, GraphOutput> = {
  isolate: true,
  memoryLimitMiB: PARSER_MEMORY_MIB,
  timeoutMs: 900_000,
  run: async (ctx) => {
    const { namesIn } = await import("./names.js");
    const { francAll } = await import("franc");
    const mentions = new Mentions();
    let [read, otherLanguage, cut] = [0, 0, 0];
    for await (const document of ctx.documents()) {
      if (document.status !== "COMPLETED" && document.status !== "SKIPPED") continue;
      const text = (await ctx.documentText(document.id)) ?? "";
      if (text.length > MIN_TELLING_LENGTH && !isEnglish(francAll(text.slice(0, 10_000)))) {
        otherLanguage += 1;
        continue;
      }
      const taken = text.slice(0, Math.max(0, Math.min(MAX_DOCUMENT_LENGTH, MAX_TOTAL_LENGTH - read)));
      if (taken.length < text.length) cut += 1;
      read += taken.length;
      for (const passage of passagesOf(taken)) {
        mentions.add(document.id, namesIn(passage).slice(0, MAX_NAMES_A_PASSAGE));
      }
      ctx.progress(read / MAX_TOTAL_LENGTH, `${read} characters read`);
    }
    if (otherLanguage > 0) {
      ctx.warn(
        "LANGUAGE_UNREAD",
        `Names are found in English; ${counted(otherLanguage, "document")} in other languages.`,
      );
    }
    if (cut > 0) {
      ctx.warn(
        "GRAPH_SAMPLED",
        `Names were searched for in ${read} characters only; ${counted(cut, "document")} not read in full.`,
      );
    }
    const { entities, pairs } = mentions.result();
    await ctx.entities.replace(entities);
    await ctx.artifacts.write("graph.graphml", graphml(entities, pairs), "application/graphml+xml");
    return { entities: entities.length, pairs: pairs.length };
  },
  check: ({ entities, pairs }) => {
    if (pairs > 0 && entities < 2) throw new Error(`${pairs} pairs of ${entities} entities can't be`);
  },
};

/** Of a text of names and numbers English may come second by a hair. */
function isEnglish(ranked: readonly (readonly [string, number])[]): boolean {
  return (
    ranked.slice(0, 5).some(([language, likeness]) => language === "eng" && likeness > 0.9) || ranked[0]?.[0] === "und"
  );
}

/** Whole paragraphs together, as many as fit; a longer one by itself, cut where it must be. */
function* passagesOf(text: string): Iterable<string> {
  let passage = "";
  for (const paragraph of text.split(/\n\s*\n/)) {
    for (let start = 0; start < Math.max(1, paragraph.length); start += 2 * PASSAGE_LENGTH) {
      const piece = paragraph.slice(start, start + 2 * PASSAGE_LENGTH);
      if (passage.length + piece.length > PASSAGE_LENGTH && passage !== "") {
        yield passage;
        passage = "";
      }
      passage = passage === "" ? piece : `${passage}\n\n${piece}`;
    }
  }
  if (passage.trim() !== "") yield passage;
}
