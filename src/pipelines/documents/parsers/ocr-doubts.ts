import type { Recognised } from "./ocr.js";
import { pageList } from "./page-list.js";
import type { ParseAid } from "./parsed.js";

/** What of a document's images is to be told: one warning of a kind and a script. */
export class OcrDoubts {
  readonly #unsure: number[] = [];
  readonly #foreign = new Map<string, number[]>();

  note({ isUnsure, unreadScript }: Recognised, place: number): void {
    if (isUnsure) this.#unsure.push(place);
    if (unreadScript !== null) this.#foreign.set(unreadScript, [...(this.#foreign.get(unreadScript) ?? []), place]);
  }

  /** @param paged whether the places are pages of the document, to be named */
  tell(name: string, aid: ParseAid, paged: boolean): void {
    const where = (places: readonly number[]): string => (paged ? `${pageList(places)} of ${name}` : name);
    const scope = (places: readonly number[]) => ({ count: places.length, ...(paged ? { pages: places } : {}) });
    if (this.#unsure.length > 0) {
      aid.warn(
        "OCR_UNSURE",
        `What OCR read of ${where(this.#unsure)} may be wrong; compare it, or send a better scan.`,
        scope(this.#unsure),
      );
    }
    for (const [script, places] of this.#foreign) {
      aid.warn(
        "SCRIPT_UNREAD",
        `${where(places)}: the writing is ${script}, which no installed language reads; install tesseract with one beside Headway.`,
        scope(places),
      );
    }
  }
}
