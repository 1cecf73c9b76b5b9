import type { Archive } from "./archive.js";
import { childOf, find, readXml, valueOf, type XmlNode } from "./office-xml.js";
import { relationsOfType } from "./relations.js";

interface Level {
  readonly start: number;
  readonly format: string;
  /** Such as "%1.%2)"; the numbers of the levels go where the marks are. */
  readonly text: string;
}

/** The numbers that Word counts itself: of lists, and of headings. */
export class Numbering {
  readonly #levels = new Map<string, Map<number, Level>>();
  readonly #abstractOf = new Map<string, string>();
  readonly #counts = new Map<string, number[]>();

  constructor(archive: Archive, part: string) {
    for (const { target } of relationsOfType(archive, part, "numbering")) {
      const xml = archive.read(target);
      if (xml) this.#learn(readXml(xml, target));
    }
  }

  /** What stands before the next paragraph of the list at this level; null where nothing does. */
  next(list: string, level: number): string | null {
    const abstract = this.#abstractOf.get(list);
    const levels = this.#levels.get(`#${list}`) ?? this.#levels.get(abstract ?? "");
    const wanted = levels?.get(level);
    if (!levels || !wanted || wanted.format === "none") return null;
    if (wanted.format === "bullet") return "-";
    // Lists of one definition go on counting together.
    const key = abstract ?? list;
    const counts = this.#counts.get(key) ?? [];
    this.#counts.set(key, counts);
    counts.length = Math.min(counts.length, level + 1);
    for (let above = 0; above <= level; above += 1)
      counts[above] ??= (levels.get(above)?.start ?? 1) - (above === level ? 1 : 0);
    counts[level]! += 1;
    const text = wanted.text.replace(/%(\d)/g, (_, number: string) => {
      const of = Number(number) - 1;
      return writtenNumber(counts[of] ?? 1, levels.get(of)?.format ?? "decimal");
    });
    return text.trim() === "" ? null : text.trim();
  }

  #learn(root: XmlNode): void {
    for (const abstract of find(root, "w:abstractNum")) {
      this.#levels.set(abstract.attributes["w:abstractNumId"] ?? "", levelsOf(abstract));
    }
    for (const list of find(root, "w:num")) {
      const id = list.attributes["w:numId"] ?? "";
      const abstract = valueOf(list, "w:abstractNumId", "w:val") ?? "";
      this.#abstractOf.set(id, abstract);
      const changed = levelsOf(list);
      const starts = find(list, "w:lvlOverride").map(
        (one) => [Number(one.attributes["w:ilvl"]), valueOf(one, "w:startOverride", "w:val")] as const,
      );
      if (changed.size === 0 && starts.every(([, start]) => start === undefined)) continue;
      const own = new Map([...(this.#levels.get(abstract) ?? []), ...changed]);
      for (const [level, start] of starts) {
        const before = own.get(level);
        if (before && start !== undefined) own.set(level, { ...before, start: Number(start) });
      }
      this.#levels.set(`#${id}`, own);
      this.#abstractOf.delete(id);
    }
  }
}

function levelsOf(definition: XmlNode): Map<number, Level> {
  return new Map(
    find(definition, "w:lvl").map((level) => [
      Number(level.attributes["w:ilvl"] ?? 0),
      {
        start: Number(valueOf(level, "w:start", "w:val") ?? 1),
        format: valueOf(level, "w:numFmt", "w:val") ?? "decimal",
        text: valueOf(level, "w:lvlText", "w:val") ?? "",
      },
    ]),
  );
}

/** A number as Word's name of a format has it. */
export function writtenNumber(count: number, format: string): string {
  if (/^(lower|upper)Letter$/.test(format)) {
    const letter = String.fromCharCode(97 + ((count - 1) % 26)).repeat(Math.min(10, Math.floor((count - 1) / 26) + 1));
    return format === "upperLetter" ? letter.toUpperCase() : letter;
  }
  if (/^(lower|upper)Roman$/.test(format)) return format === "upperRoman" ? roman(count) : roman(count).toLowerCase();
  return format === "decimalZero" && count < 10 ? `0${count}` : String(count);
}

const ROMAN = Object.entries({
  M: 1000,
  CM: 900,
  D: 500,
  CD: 400,
  C: 100,
  XC: 90,
  L: 50,
  XL: 40,
  X: 10,
  IX: 9,
  V: 5,
  IV: 4,
  I: 1,
});

function roman(count: number): string {
  let [text, left] = ["", Math.min(count, 3_999)];
  for (const [letters, value] of ROMAN) {
    while (left >= value) {
      text += letters;
      left -= value;
    }
  }
  return text;
}

/** A paragraph style: what it makes of its paragraphs. */
export interface ParagraphStyle {
  /** From 1; null of what is no heading. */
  readonly heading: number | null;
  readonly list: { readonly id: string; readonly level: number } | null;
}

/** The styles of a document with what they inherit. */
export function stylesOf(archive: Archive, part: string): (id: string) => ParagraphStyle {
  const styles = new Map<string, XmlNode>();
  for (const { target } of relationsOfType(archive, part, "styles")) {
    const xml = archive.read(target);
    const found = xml ? find(readXml(xml, target), "w:style") : [];
    for (const style of found) styles.set(style.attributes["w:styleId"] ?? "", style);
  }
  const known = new Map<string, ParagraphStyle>();
  const styleOf = (id: string, depth: number): ParagraphStyle => {
    const before = known.get(id);
    if (before) return before;
    const style = styles.get(id);
    const base = valueOf(style ?? null, "w:basedOn", "w:val");
    const inherited = base !== undefined && depth < 20 ? styleOf(base, depth + 1) : { heading: null, list: null };
    const name = valueOf(style ?? null, "w:name", "w:val") ?? id;
    const outline = valueOf(style ?? null, "w:outlineLvl", "w:val");
    const found = {
      heading: headingOf(name, outline) ?? inherited.heading,
      list: listOf(style ?? null, inherited.list),
    };
    known.set(id, found);
    return found;
  };
  return (id) => styleOf(id, 0);
}

function headingOf(name: string, outline: string | undefined): number | null {
  if (/^title$/i.test(name)) return 1;
  const level = /^heading ?(\d)$/i.exec(name)?.[1];
  if (level !== undefined) return Number(level);
  const number = Number(outline);
  return outline !== undefined && number >= 0 && number < 9 ? number + 1 : null;
}

/** The list that a paragraph's or a style's properties name, over what is inherited; null where they name none. */
export function listOf(node: XmlNode | null, inherited: ParagraphStyle["list"]): ParagraphStyle["list"] {
  const properties = node && (node.name === "w:pPr" ? node : childOf(node, "w:pPr"));
  const numbered = properties && childOf(properties, "w:numPr");
  if (!numbered) return inherited;
  const id = valueOf(numbered, "w:numId", "w:val") ?? inherited?.id;
  if (id === undefined || id === "0") return null;
  return { id, level: Math.min(8, Number(valueOf(numbered, "w:ilvl", "w:val") ?? inherited?.level ?? 0) || 0) };
}
