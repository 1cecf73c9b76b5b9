import { PermanentError } from "../../../errors.js";
import { MAX_NESTING } from "./parsed.js";

/** A value of a JSON text: the path of its keys, and the value as it is written; strings without quotes and escapes. */
export interface JsonLeaf {
  readonly path: string;
  readonly value: string;
  /** Which of the values of the outermost list or run of values it is part of. */
  readonly record: number;
  /** Which value of a run of values it is part of. */
  readonly index: number;
}

/** Where a JSON text stops being one. */
export class JsonFault extends Error {
  constructor(
    message: string,
    readonly at: number,
  ) {
    super(message);
  }
}

const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const WORD = /true|false|null|-?NaN|-?Infinity/y;

/** Reads one value after the other. Numbers stay as they are written: doubles hold only 15 digits. */
export class JsonReader {
  readonly #text: string;
  #at = 0;
  #record = 0;
  #index = 0;
  readonly leaves: JsonLeaf[] = [];

  constructor(text: string) {
    this.#text = text;
  }

  get at(): number {
    return this.#at;
  }

  /** Whether another value begins; commas between values of a run are taken too. */
  more(): boolean {
    this.#skip();
    return this.#at < this.#text.length;
  }

  /** @throws {JsonFault}; what was read of the value before it stays out */
  next(): void {
    const kept = this.leaves.length;
    try {
      this.#value("", 0, true);
      this.#record += 1;
      this.#index += 1;
    } catch (error) {
      this.leaves.length = kept;
      throw error;
    }
  }

  /** Goes on at the next line. */
  skipLine(from: number): void {
    const end = this.#text.indexOf("\n", from);
    this.#at = end < 0 ? this.#text.length : end + 1;
  }

  #value(path: string, depth: number, isOutermost: boolean): void {
    if (depth > MAX_NESTING) {
      throw new PermanentError("RESOURCE_LIMIT", `The JSON is nested more than ${MAX_NESTING} deep; flatten it.`);
    }
    this.#skip();
    const letter = this.#text[this.#at];
    if (letter === "{") this.#object(path, depth);
    else if (letter === "[") this.#list(path, depth, isOutermost);
    else if (letter === '"') this.#leaf(path, this.#string());
    else this.#leaf(path, this.#match(NUMBER) ?? this.#match(WORD) ?? this.#fail("a value"));
  }

  #object(path: string, depth: number): void {
    this.#at += 1;
    for (let isFirst = true; ; isFirst = false) {
      this.#skip();
      if (this.#text[this.#at] === "}") break;
      if (!isFirst) this.#expect(",");
      this.#skip();
      if (!isFirst && this.#text[this.#at] === "}") break; // A comma too many harms nobody.
      if (this.#text[this.#at] !== '"') this.#fail("a key");
      const key = this.#string();
      this.#skip();
      this.#expect(":");
      this.#value(path === "" ? key : `${path}.${key}`, depth + 1, false);
    }
    this.#at += 1;
  }

  #list(path: string, depth: number, isOutermost: boolean): void {
    this.#at += 1;
    for (let index = 0; ; index += 1) {
      this.#skip();
      if (this.#text[this.#at] === "]") break;
      if (index > 0) this.#expect(",");
      this.#skip();
      if (index > 0 && this.#text[this.#at] === "]") break;
      this.#value(`${path}[${index}]`, depth + 1, false);
      if (isOutermost) this.#record += 1;
    }
    this.#at += 1;
  }

  #string(): string {
    const begin = this.#at;
    let end = begin + 1;
    while (end < this.#text.length && this.#text[end] !== '"') end += this.#text[end] === "\\" ? 2 : 1;
    if (end >= this.#text.length) this.#fail("the end of a string");
    this.#at = end + 1;
    const raw = this.#text.slice(begin + 1, end);
    if (!/[\\\u0000-\u001f]/.test(raw)) return raw;
    try {
      return JSON.parse(
        `"${raw.replace(/[\u0000-\u001f]/g, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, "0")}`)}"`,
      ) as string;
    } catch {
      this.#at = begin;
      return this.#fail("a string");
    }
  }

  #leaf(path: string, value: string): void {
    this.leaves.push({ path, value, record: this.#record, index: this.#index });
  }

  #match(pattern: RegExp): string | null {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text);
    if (!found) return null;
    this.#at += found[0].length;
    return found[0];
  }

  #expect(letter: string): void {
    if (this.#text[this.#at] !== letter) this.#fail(`"${letter}"`);
    this.#at += 1;
  }

  #skip(): void {
    while (/[\s\u001e\ufeff]/.test(this.#text[this.#at] ?? "")) this.#at += 1;
  }

  #fail(wanted: string): never {
    const line = this.#text.slice(0, this.#at).split("\n").length;
    const found = this.#text[this.#at];
    const what = found === undefined ? "the end of the file" : JSON.stringify(found);
    throw new JsonFault(`${wanted} was expected in line ${line}, and there is ${what}`, this.#at);
  }
}
