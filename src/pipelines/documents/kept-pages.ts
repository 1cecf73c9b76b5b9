import { createHash } from "node:crypto";
import type { DocumentContext } from "../pipeline.js";
import type { Recognised } from "./parsers/ocr.js";

/** A page takes seconds: so often what has been read is kept at most, so that keeping costs little beside reading. */
const KEEP_EVERY_MS = 10_000;
/** No text begins like this: what stands behind is a half-done reading. */
const MARK = "\u0001pages read by OCR\u0001";

interface Kept {
  /** Of the file that they are the pages of: before a retry it may have changed. */
  readonly sha256: string;
  readonly pages: readonly (readonly [number, Recognised])[];
}

/** Pages that OCR has read, kept over a failed attempt until the text takes their place. */
export class KeptPages {
  readonly #ctx: Pick<DocumentContext, "stagedText" | "setText">;
  readonly #sha256: string;
  readonly #keepEveryMs: number;
  #pages: Promise<Map<number, Recognised>> | null = null;
  #keptAt = performance.now();

  constructor(ctx: Pick<DocumentContext, "stagedText" | "setText">, file: Uint8Array, keepEveryMs = KEEP_EVERY_MS) {
    this.#ctx = ctx;
    this.#sha256 = createHash("sha256").update(file).digest("hex");
    this.#keepEveryMs = keepEveryMs;
  }

  /** The page as an earlier attempt has read it, or else as `read` does now. */
  async page(number: number, read: () => Promise<Recognised>): Promise<Recognised> {
    const pages = await (this.#pages ??= this.#kept());
    const kept = pages.get(number);
    if (kept) return kept;
    const found = await read();
    pages.set(number, found);
    if (performance.now() - this.#keptAt >= this.#keepEveryMs) {
      const kept: Kept = { sha256: this.#sha256, pages: [...pages] };
      await this.#ctx.setText(MARK + JSON.stringify(kept));
      this.#keptAt = performance.now();
    }
    return found;
  }

  async #kept(): Promise<Map<number, Recognised>> {
    const staged = await this.#ctx.stagedText();
    if (!staged?.startsWith(MARK)) return new Map();
    const kept = JSON.parse(staged.slice(MARK.length)) as Kept;
    return new Map(kept.sha256 === this.#sha256 ? kept.pages : []);
  }
}
