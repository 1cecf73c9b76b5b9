import { writtenNumber } from "./docx-numbering.js";
import { find, type XmlNode } from "./office-xml.js";

interface Level {
  readonly format: string;
  readonly start: number;
  readonly before: string;
  readonly after: string;
  /** How many levels stand in a number, its own with them. */
  readonly shown: number;
}

/** As Word names what OpenDocument writes as its first letter. */
const FORMATS: Readonly<Record<string, string>> = {
  a: "lowerLetter",
  A: "upperLetter",
  i: "lowerRoman",
  I: "upperRoman",
  "1": "decimal",
};
const MAX_LEVELS = 10;

/** The marks of list items: numbers where the style of the list counts them. */
export class OdfLists {
  readonly #styles = new Map<string, Map<number, Level>>();
  /** Where lists have come to, by their ids and by their styles. */
  readonly #counts = new Map<string, number[]>();

  constructor(parts: readonly (XmlNode | null)[] = []) {
    for (const style of parts.flatMap((part) => (part ? find(part, "text:list-style") : []))) {
      const levels = find(style, "text:list-level-style-number").map(({ attributes }): [number, Level] => [
        Number(attributes["text:level"]) - 1,
        {
          format: attributes["style:num-format"] ?? "",
          start: Number(attributes["text:start-value"] ?? 1),
          before: attributes["style:num-prefix"] ?? "",
          after: attributes["style:num-suffix"] ?? "",
          shown: Number(attributes["text:display-levels"] ?? 1),
        },
      ]);
      this.#styles.set(style.attributes["style:name"] ?? "", new Map(levels));
    }
  }

  /** The numbers that a list goes on from: none, or those of one before it. */
  begin({ attributes }: XmlNode, style: string): number[] {
    const goesOn =
      attributes["text:continue-list"] ?? (attributes["text:continue-numbering"] === "true" ? style : null);
    const counts = goesOn === null ? [] : (this.#counts.get(goesOn) ?? []);
    this.#counts.set(style, counts);
    if (attributes["xml:id"]) this.#counts.set(attributes["xml:id"], counts);
    return counts;
  }

  /** What stands before the next item. */
  next(counts: number[], style: string, depth: number, item: XmlNode): string {
    const levels = this.#styles.get(style);
    const own = levels?.get(depth);
    if (!levels || !own || own.format === "") return "-";
    counts.length = Math.min(counts.length, depth + 1);
    const start = item.attributes["text:start-value"];
    for (let above = 0; above < depth; above += 1) counts[above] ??= levels.get(above)?.start ?? 1;
    counts[depth] = start === undefined ? (counts[depth] ?? own.start - 1) + 1 : Number(start);
    const first = Math.max(0, depth + 1 - Math.min(own.shown, MAX_LEVELS));
    const numbers = counts
      .slice(first, depth + 1)
      .map((count, index) => writtenNumber(count, FORMATS[levels.get(first + index)?.format ?? "1"] ?? "decimal"));
    return `${own.before}${numbers.join(".")}${own.after}`.trim();
  }
}
