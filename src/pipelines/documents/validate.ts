import { PermanentError } from "../../errors.js";
import { decodeText } from "../decode-text.js";
import type { DocumentStage } from "../pipeline.js";
import { FORMATS, formatOf, type Format } from "./formats.js";

/** Names that say what plain text holds. */
const EXTENSIONS: Readonly<Record<string, Format>> = {
  txt: "txt",
  text: "txt",
  log: "txt",
  md: "md",
  markdown: "md",
  csv: "csv",
  json: "json",
  xml: "xml",
  html: "html",
  htm: "html",
  xhtml: "html",
};
/** Extensions of text whose parser comes later: their content must not be taken for plain text meanwhile. */
const OTHER_TEXT: Readonly<Record<string, string>> = {
  eml: "message/rfc822",
  rtf: "application/rtf",
  svg: "image/svg+xml",
};

/** Finds out by content what the bytes are, and refuses what no parser takes. */
export const validateStage: DocumentStage = {
  name: "validate",
  run: async (ctx) => {
    const bytes = await ctx.document.bytes();
    const { name } = ctx.document;
    if (bytes.length === 0) throw new PermanentError("EMPTY_DOCUMENT", `${name} has no bytes; send its content again.`);
    const mediaType = await detect(bytes, name);
    ctx.setMediaType(mediaType);
    if (formatOf(mediaType) === null) {
      throw new PermanentError(
        "UNSUPPORTED_TYPE",
        `${name} is ${mediaType}; supported are ${Object.keys(FORMATS).join(", ")}. Convert it to one of these.`,
      );
    }
    return { mediaType, sizeBytes: bytes.length };
  },
};

/** The media type by magic number; of text by its name, checked against its content. Never throws. */
export async function detect(bytes: Uint8Array, name: string): Promise<string> {
  // A byte order mark of UTF-16 is also how some MPEG frames begin.
  const isUtf16 =
    /^(\xff\xfe|\xfe\xff)/.test(Buffer.from(bytes.subarray(0, 2)).toString("latin1")) && !looksBinary(bytes);
  const { fileTypeFromBuffer } = await import("file-type");
  const magic = isUtf16 ? undefined : await fileTypeFromBuffer(bytes).catch(() => undefined); // A truncated container can end the detector early.
  // XML and text formats are told apart below, where the name counts too.
  if (magic && magic.mime !== "application/xml" && !magic.mime.startsWith("text/")) return magic.mime;
  if (Buffer.from(bytes.subarray(0, 1_024)).toString("latin1").trimStart().startsWith("%PDF-")) return FORMATS.pdf;
  const extension = name.toLowerCase().match(/\.([a-z0-9]+)$/)?.[1] ?? "";
  if (looksBinary(bytes)) return "application/octet-stream";
  const { text } = decodeText(bytes);
  return OTHER_TEXT[extension] ?? FORMATS[textFormat(text, EXTENSIONS[extension] ?? null)];
}

/** Control characters that no text holds, in what is neither UTF-16 nor has a byte order mark. */
function looksBinary(bytes: Uint8Array): boolean {
  const { text } = decodeText(bytes.subarray(0, 4_096 + (bytes.length % 2)));
  const controls = text.match(/[\u0000-\u0008\u000e-\u001a\u001c-\u001f]/g)?.length ?? 0;
  return controls > text.length * 0.01 && controls > 1;
}

function textFormat(text: string, named: Format | null): Format {
  const start = text.trimStart().slice(0, 1_000);
  const isHtml = /^(<!--[\s\S]*?-->\s*)?<(!doctype\s+html|html|head|body)\b/i.test(start);
  if (isHtml || (named !== "xml" && /^<\?xml[^>]*>\s*(<!doctype\s+html|<html)/i.test(start))) return "html";
  if (/^<\?xml\b/.test(start) && named !== "html") return "xml";
  if (named !== null) return named;
  if (/^[[{]/.test(start) && isJson(text)) return "json";
  return "txt";
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
