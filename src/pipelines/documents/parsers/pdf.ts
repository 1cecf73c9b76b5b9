import { getDocumentProxy } from "unpdf";
import { PermanentError, messageOf } from "../../../errors.js";
import { paragraphs, type Block } from "../blocks/block.js";
import { factsOf, type ParseAid, type Parsed } from "./parsed.js";
import { annotationBlocks, xfaLines, type Annotation, type XfaNode } from "./pdf-fields.js";
import { linesOf, pageBlocks, typographyOf, type PageLine, type TextItem } from "./pdf-lines.js";
import { picturedShare } from "./pdf-pictures.js";
import { PdfPainter } from "./pdf-render.js";
import { readScans, SOME_TEXT, type LayerPage } from "./pdf-scan.js";
import { readAgain } from "./pdf-second.js";
import { counted } from "../../../counted.js";
import { assertStreams } from "./pdf-streams.js";

const MAX_PAGES = 5_000;
/** Pieces of text on one page; a page of telephone numbers has 5,000. */
const MAX_ITEMS = 500_000;

/** Page by page: the text layer, form fields and annotations; what the layer does not say, by OCR. */
export async function parsePdf(bytes: Uint8Array, name: string, aid: ParseAid): Promise<Parsed> {
  assertStreams(bytes, name);
  const opened = await open(bytes, name);
  if (opened === null) return plainPages(bytes, name);
  const { document, maps } = opened;
  try {
    if (document.numPages > MAX_PAGES) throw tooManyPages(document.numPages, name);
    const layers = await layersOf(document, name, aid);
    const typography = typographyOf(layers.map(({ lines }) => lines));
    const pages = layers.map(({ number, lines, repeated, fields, pictured }): LayerPage => {
      const text = lines.map((line) => line.text).join("\n");
      return {
        number,
        text,
        pictured,
        repeated,
        fields,
        blocks: [...pageBlocks(lines, number, typography), ...fields],
      };
    });
    const blocks = await readScans(await readAgain(pages, bytes, maps.isLacking), bytes, name, aid);
    await tellOfAttachments(document, name, aid);
    return { blocks, metadata: { pages: document.numPages, ...(await factsOfPdf(document)) } };
  } finally {
    await document.destroy();
  }
}

type PdfDocument = Awaited<ReturnType<typeof getDocumentProxy>>;

interface Opened {
  readonly document: PdfDocument;
  /** Whether letters were lost because a character map is missing. */
  readonly maps: { isLacking: boolean };
}

/** Null of one that asks for a password though another reader opens it without, as where only attachments are locked. */
async function open(bytes: Uint8Array, name: string): Promise<Opened | null> {
  const maps = { isLacking: false };
  // The maps of Chinese, Japanese and Korean fonts are not with the library.
  class NoMaps {
    fetch(): Promise<never> {
      maps.isLacking = true;
      return Promise.reject(new Error("there are no character maps"));
    }
  }
  try {
    const settings = {
      isEvalSupported: false,
      stopAtErrors: false,
      verbosity: 0,
      enableXfa: true,
      CMapReaderFactory: NoMaps,
    };
    // A copy: the library takes the buffer away from its owner.
    return { document: await getDocumentProxy(new Uint8Array(bytes), settings), maps };
  } catch (error) {
    const isOpen = await opensElsewhere(bytes);
    if (isOpen) return null;
    if ((error as Error).name === "PasswordException" || /encryption method/i.test(messageOf(error))) {
      throw new PermanentError(
        "ENCRYPTED_DOCUMENT",
        `${name} is protected by a password or a certificate; send an unprotected copy.`,
      );
    }
    throw new PermanentError(
      "MALFORMED_DOCUMENT",
      `${name} is not a valid PDF (${messageOf(error)}); send an intact copy.`,
    );
  }
}

async function opensElsewhere(bytes: Uint8Array): Promise<boolean> {
  const painter = new PdfPainter(bytes);
  try {
    return (await painter.pageCount()) > 0;
  } catch {
    return false;
  } finally {
    await painter.close();
  }
}

/** By the reader that opened it: text alone. */
async function plainPages(bytes: Uint8Array, name: string): Promise<Parsed> {
  const painter = new PdfPainter(bytes);
  try {
    const count = await painter.pageCount();
    if (count > MAX_PAGES) throw tooManyPages(count, name);
    const blocks: Block[] = [];
    for (let page = 1; page <= count; page += 1) {
      blocks.push(...paragraphs((await painter.text(page)).replace(/\r\n?/g, "\n"), { page }));
    }
    return { blocks, metadata: { pages: count } };
  } finally {
    await painter.close();
  }
}

interface Layer {
  readonly number: number;
  readonly lines: readonly PageLine[];
  /** Runs that were drawn where the same stood. */
  readonly repeated: number;
  readonly fields: readonly Block[];
  readonly pictured: number;
}

async function layersOf(document: PdfDocument, name: string, aid: ParseAid): Promise<Layer[]> {
  const layers: Layer[] = [];
  const broken: number[] = [];
  for (let number = 1; number <= document.numPages; number += 1) {
    try {
      layers.push(await layerOf(document, number, name));
    } catch (error) {
      if (error instanceof PermanentError) throw error;
      broken.push(number);
      layers.push({ number, lines: [], repeated: 0, fields: [], pictured: 0 });
    }
    if (number % 10 === 0) aid.progress((0.5 * number) / document.numPages, `page ${number} of ${document.numPages}`);
  }
  if (broken.length > 0 && broken.length === document.numPages) {
    throw new PermanentError("MALFORMED_DOCUMENT", `No page of ${name} can be read; send an intact copy.`);
  }
  if (broken.length > 0) {
    aid.warn("PAGES_BROKEN", `The text of the pages ${broken.slice(0, 50).join(", ")} of ${name} is broken.`, {
      count: broken.length,
      pages: broken,
    });
  }
  return layers;
}

async function layerOf(document: PdfDocument, number: number, name: string): Promise<Layer> {
  const page = await document.getPage(number);
  try {
    if (document.isPureXfa) {
      const lines = xfaLines(((await page.getXfa()) ?? {}) as XfaNode);
      return { number, lines: lines.map((text) => ({ text, y: 0, size: 0 })), repeated: 0, fields: [], pictured: 0 };
    }
    const { items } = await page.getTextContent();
    if (items.length > MAX_ITEMS) {
      throw new PermanentError(
        "RESOURCE_LIMIT",
        `Page ${number} of ${name} has ${items.length} pieces of text; the limit is ${MAX_ITEMS}.`,
      );
    }
    const { lines, repeated } = linesOf(items as readonly TextItem[]);
    // What is written onto the page is no reason to lose the page.
    const annotations = (await page.getAnnotations().catch(() => [])) as readonly Annotation[];
    const length = lines.reduce((sum, { text }) => sum + text.length, 0);
    const pictured = length < SOME_TEXT * 1.5 ? await picturedShare(page) : 0;
    return { number, lines, repeated, fields: annotationBlocks(annotations, number), pictured };
  } finally {
    page.cleanup();
  }
}

async function tellOfAttachments(document: PdfDocument, name: string, aid: ParseAid): Promise<void> {
  const attached = Object.keys(((await document.getAttachments().catch(() => null)) as object | null) ?? {});
  if (attached.length === 0) return;
  aid.warn(
    "EMBEDDED_FILES_UNREAD",
    `${name} holds ${counted(attached.length, "file")} that could not be read: ${attached.slice(0, 10).join(", ")}.`,
    { count: attached.length },
  );
}

async function factsOfPdf(document: PdfDocument): Promise<Parsed["metadata"]> {
  const info = await document.getMetadata().then(
    (found: { info: unknown }) => found.info as Record<string, unknown>,
    () => ({}) as Record<string, unknown>, // A PDF need not say anything of itself.
  );
  return factsOf({
    title: info.Title,
    creator: info.Author,
    subject: info.Subject,
    keywords: info.Keywords,
    language: info.Language,
    created: dateOf(info.CreationDate),
    modified: dateOf(info.ModDate),
    producer: info.Producer,
  });
}

/** "D:20230516172840+02'00'" in the form of ISO 8601; without a zone where it names none. */
function dateOf(value: unknown): string | undefined {
  const found = /^D:(\d{4})(\d\d)?(\d\d)?(\d\d)?(\d\d)?(\d\d)?([Z+-])?(\d\d)?'?(\d\d)?/.exec(String(value));
  if (!found) return undefined;
  const [
    ,
    year,
    month = "01",
    day = "01",
    hour,
    minute = "00",
    second = "00",
    sign,
    zoneHour = "00",
    zoneMinute = "00",
  ] = found;
  const date = `${year}-${month}-${day}`;
  if (hour === undefined) return date;
  const zone =
    sign === undefined
      ? ""
      : sign === "Z" || zoneHour + zoneMinute === "0000"
        ? "Z"
        : `${sign}${zoneHour}:${zoneMinute}`;
  return `${date}T${hour}:${minute}:${second}${zone}`;
}

function tooManyPages(count: number, name: string): PermanentError {
  return new PermanentError("RESOURCE_LIMIT", `${name} has ${count} pages; the limit is ${MAX_PAGES}. Split it.`);
}
