import type { Json } from "../../pipeline.js";
import { factsOf } from "./parsed.js";

const DATE = ["yr", "mo", "dy", "hr", "min"] as const;
const MAX_LENGTH = 2_000;

/** What rich text says of itself. */
export class RtfFacts {
  readonly #facts = new Map<string, string>();
  #date = new Map<string, number>();

  add(name: string, text: string): void {
    this.#facts.set(name, ((this.#facts.get(name) ?? "") + text).slice(0, MAX_LENGTH));
  }

  datePart(word: string, value: number): void {
    this.#date.set(word, value);
  }

  /** Of the clock of whoever wrote it; in which zone is not said. */
  endDate(name: "created" | "modified"): void {
    const [year = 0, month = 1, day = 1, hour = 0, minute = 0] = DATE.map((part) => this.#date.get(part));
    this.#date = new Map();
    const two = (value: number): string => String(value).padStart(2, "0");
    if (year > 0) this.#facts.set(name, `${year}-${two(month)}-${two(day)}T${two(hour)}:${two(minute)}:00`);
  }

  all(): Record<string, Json> {
    const keywords = this.#facts.get("keywords")?.split(/[,;]\s*/);
    return factsOf({ ...Object.fromEntries(this.#facts), keywords });
  }
}

/** Which styles of the document are headings. */
export class RtfStyles {
  readonly #headings = new Map<number, number>();
  #open = { id: 0, name: "", level: null as number | null };

  word(word: string, value: number | null): void {
    if (word === "s") this.#open.id = value ?? 0;
    else if (word === "outlinelevel") this.#open.level = value;
  }

  /** A semicolon ends the style, and its name. */
  name(text: string): void {
    if (this.#open.name.length < 200) this.#open.name += text;
    if (!text.includes(";")) return;
    const { id, name, level } = this.#open;
    const named = /^\s*heading (\d)/i.exec(name)?.[1] ?? (/^\s*title\s*;/i.test(name) ? "1" : null);
    const heading = level !== null && level < 9 ? level + 1 : named === null ? null : Number(named);
    if (heading !== null) this.#headings.set(id, Math.min(6, heading));
    this.#open = { id: 0, name: "", level: null };
  }

  /** From 1; null where the style is no heading's. */
  headingOf(id: number): number | null {
    return this.#headings.get(id) ?? null;
  }
}
