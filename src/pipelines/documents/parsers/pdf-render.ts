import { PDFiumLibrary, type PDFiumDocument } from "@hyzyla/pdfium";
import sharp, { type Sharp } from "sharp";

/** What print is read at: 300 dots an inch make letters of 10 points 40 dots high. */
const DPI = 300;
/** Pages larger than A2 are read coarser. */
const MAX_SIDE = 5_000;
/** A look at the whole page, for telling whether there is anything on it. */
const GLANCE_SIDE = 300;
/** Grey values of a page that is empty differ by less, dust and shadows included. */
const EMPTY_DEVIATION = 2.5;

let loading: Promise<PDFiumLibrary> | null = null;

/** Draws the pages of a PDF. Opened when the first page is to be drawn: the library takes 10 MB and a tenth of a second. */
export class PdfPainter {
  readonly #bytes: Uint8Array;
  #document: Promise<PDFiumDocument> | null = null;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Whether anything stands on the page, numbered from 1. @throws {Error} where the page can't be drawn */
  async hasInk(page: number): Promise<boolean> {
    const image = await this.#draw(page, (width, height) => GLANCE_SIDE / Math.max(width, height));
    const { channels } = await image.stats();
    return channels.some(({ stdev }) => stdev > EMPTY_DEVIATION);
  }

  /** The page as a picture for the recogniser of letters. @throws {Error} where the page can't be drawn */
  async picture(page: number): Promise<Buffer> {
    const image = await this.#draw(page, (width, height) => Math.min(DPI / 72, MAX_SIDE / Math.max(width, height)));
    return image.withMetadata({ density: DPI }).png({ compressionLevel: 1 }).toBuffer();
  }

  /** The text as the drawing library reads it. */
  async text(page: number): Promise<string> {
    return (await this.#open()).getPage(page - 1).getText();
  }

  async pageCount(): Promise<number> {
    return (await this.#open()).getPageCount();
  }

  async close(): Promise<void> {
    const document = await this.#document?.catch(() => null);
    document?.destroy();
    this.#document = null;
  }

  async #draw(page: number, scaleOf: (width: number, height: number) => number): Promise<Sharp> {
    const sheet = (await this.#open()).getPage(page - 1);
    const { originalWidth, originalHeight } = sheet.getOriginalSize();
    const scale = Math.max(0.001, scaleOf(Math.max(1, originalWidth), Math.max(1, originalHeight)));
    const { data, width, height } = await sheet.render({
      scale,
      colorSpace: "Gray",
      render: "bitmap",
      renderFormFields: false,
    });
    return sharp(data, { raw: { width, height, channels: 1 } });
  }

  #open(): Promise<PDFiumDocument> {
    this.#document ??= (async () => {
      loading ??= PDFiumLibrary.init();
      // A copy: the library keeps what it is given.
      return (await loading).loadDocument(Buffer.from(this.#bytes));
    })();
    return this.#document;
  }
}
