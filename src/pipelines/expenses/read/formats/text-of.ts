import type { Worker } from "tesseract.js";
import { PermanentError } from "../../../../errors.js";
import { decodeText } from "../../../decode-text.js";
import { orderIn } from "../order-data.js";
import { itemsIn } from "./items.js";
import { looseTable } from "./loose-table.js";
import { pdfRows } from "./pdf-rows.js";
import type { ReceiptText } from "../receipt.js";
import { rowText } from "../../shapes.js";

const MAX_ATTACHMENTS = 20;
const MAX_PIXELS = 60_000_000;
/** Print below this width is too small for the reader of pictures; twice the size is read well. */
const SMALL_WIDTH = 1_200;
/** Below this (of 100) the letters may lie on their side. */
const SURE = 60;
/** To see which way letters stand they need no more pixels on the longer side. */
const GLANCE = 1_200;

/** The text of a receipt of whatever kind, line by line. @throws {PermanentError} UNSUPPORTED_TYPE and what parsers throw */
export async function textOf(bytes: Uint8Array, mediaType: string, name: string): Promise<ReceiptText> {
  if (mediaType === "application/pdf") return { text: (await pdfRows(bytes, name)).map(rowText).join("\n") };
  if (mediaType === "message/rfc822") return textOfEmail(bytes, name);
  if (mediaType === "image/heic") return { text: await textOfHeic(bytes, name), isOcr: true };
  if (mediaType.startsWith("image/")) return { text: await textOfImage(bytes), isOcr: true };
  if (mediaType === "text/html") return ofHtml(decodeText(bytes).text);
  if (mediaType.startsWith("text/")) return { text: decodeText(bytes).text.replaceAll("\r\n", "\n") };
  throw new PermanentError("UNSUPPORTED_TYPE", `${name} is ${mediaType}, which is not supported for receipts.`);
}

async function ofHtml(html: string): Promise<ReceiptText> {
  const order = orderIn(await itemsIn(html));
  return { text: await textOfHtml(html), ...(order ? { order } : {}) };
}

async function textOfHtml(html: string): Promise<string> {
  const { convert } = await import("html-to-text");
  return convert(html, {
    wordwrap: false,
    formatters: { looseTable },
    selectors: [
      { selector: "table", format: "looseTable", options: { uppercaseHeaderCells: false, colSpacing: 2 } },
      { selector: "a", options: { ignoreHref: true } },
      { selector: "img", format: "skip" },
    ],
  });
}

/** The body, plain or from HTML, and behind it the text of what is attached. */
async function textOfEmail(bytes: Uint8Array, name: string): Promise<ReceiptText> {
  const { default: PostalMime } = await import("postal-mime");
  const email = await PostalMime.parse(bytes as Uint8Array<ArrayBuffer>);
  const body: ReceiptText = email.html ? await ofHtml(email.html) : { text: email.text ?? "" };
  const parts = [body.text];
  for (const { mimeType, filename, content } of email.attachments.slice(0, MAX_ATTACHMENTS)) {
    if (!/^(application\/pdf|image\/(png|jpe?g|webp|tiff|hei[cf])|text\/plain)$/.test(mimeType)) continue;
    const attached = typeof content === "string" ? Buffer.from(content) : new Uint8Array(content);
    const type = mimeType === "image/heif" ? "image/heic" : mimeType;
    try {
      parts.push((await textOf(attached, type, `${name}/${filename ?? "attachment"}`)).text);
    } catch (error) {
      // Where nothing here decodes such photographs, the mail itself may say enough.
      if (!(error instanceof PermanentError && error.code === "UNSUPPORTED_TYPE")) throw error;
    }
  }
  const sender = email.from?.name || email.from?.address;
  const sent = email.date ? new Date(email.date) : null;
  return {
    ...body,
    text: parts.join("\n"),
    ...(sender ? { sender } : {}),
    ...(email.subject ? { subject: email.subject } : {}),
    ...(sent && !Number.isNaN(sent.getTime()) ? { sentOn: sent.toISOString().slice(0, 10) } : {}),
  };
}

/** What one of them does not hold may stand in the next: a long receipt is photographed in pieces. */
async function textOfHeic(bytes: Uint8Array, name: string): Promise<string> {
  const { picturesOfHeic } = await import("../../../documents/parsers/heic.js");
  const { pictures, failure } = await picturesOfHeic(bytes, name);
  if (failure !== null)
    throw new PermanentError("MALFORMED_DOCUMENT", `${name} breaks off (${failure}); send an intact copy.`);
  const texts: string[] = [];
  for (const picture of pictures) texts.push(await textOfImage(picture, true));
  return texts.join("\n");
}

async function textOfImage(bytes: Uint8Array, isUpright = false): Promise<string> {
  const { default: sharp } = await import("sharp");
  const picture = sharp(bytes, { limitInputPixels: MAX_PIXELS });
  const image = isUpright ? picture : picture.rotate();
  const { width } = await image.metadata();
  const scale = width < SMALL_WIDTH ? 2 : 1;
  const ready = await image
    .resize({ width: Math.min(width * scale, 4_000) })
    .flatten({ background: "#fff" })
    .grayscale()
    .normalize()
    .png()
    .toBuffer();
  const worker = await ocrWorker();
  try {
    // Columns of a till's receipt are one line: its blanks tell words from figures.
    await worker.setParameters({ preserve_interword_spaces: "1" });
    return await upright(worker, ready);
  } finally {
    await worker.terminate();
  }
}

/** The text as it is read best: phones leave out which way a picture stands where they lie flat over a receipt. */
async function upright(worker: Worker, image: Buffer): Promise<string> {
  const { default: sharp } = await import("sharp");
  const read = async (turned: Buffer): Promise<{ readonly text: string; readonly confidence: number }> =>
    (await worker.recognize(turned)).data;
  let best = await read(image);
  if (best.confidence >= SURE) return best.text;
  const small = await sharp(image).resize({ width: GLANCE, height: GLANCE, fit: "inside" }).png().toBuffer();
  let most = { degrees: 0, confidence: (await read(small)).confidence };
  for (const degrees of [90, 270, 180]) {
    const { confidence } = await read(await sharp(small).rotate(degrees).png().toBuffer());
    if (confidence > most.confidence) most = { degrees, confidence };
  }
  if (most.degrees === 0) return best.text;
  const turned = await read(await sharp(image).rotate(most.degrees).png().toBuffer());
  if (turned.confidence > best.confidence) best = turned;
  return best.text;
}

/** Its language data comes from a package: nothing is fetched, nothing is cached. */
async function ocrWorker(): Promise<Worker> {
  const { createWorker } = await import("tesseract.js");
  const { fileURLToPath } = await import("node:url");
  const langPath = fileURLToPath(new URL("4.0.0_best_int", import.meta.resolve("@tesseract.js-data/eng/package.json")));
  return createWorker("eng", 1, { langPath, cacheMethod: "none", gzip: true });
}
