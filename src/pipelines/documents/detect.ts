import { decodeText, declaredEncoding, type DecodedText } from "../decode-text.js";
import { canonicalType, FORMATS, type Format } from "./formats.js";

/** Names that say what plain text holds. */
const EXTENSIONS: Readonly<Record<string, Format>> = {
  txt: "txt",
  text: "txt",
  log: "txt",
  md: "md",
  markdown: "md",
  csv: "csv",
  tsv: "csv",
  tab: "csv",
  json: "json",
  jsonl: "json",
  ndjson: "json",
  geojson: "json",
  xml: "xml",
  html: "html",
  htm: "html",
  xhtml: "html",
  mht: "eml",
  mhtml: "eml",
};
/** Extensions of text that no parser takes: it must not be taken for plain text. */
const OTHER_TEXT: Readonly<Record<string, string>> = { svg: "image/svg+xml" };
/** Containers of one kind, which the name tells apart where their content is too broken to. */
const OFFICE: readonly string[] = ["docx", "odt", "ods", "odp", "pptx", "xlsx", "epub"] satisfies Format[];

/** The media type by magic number; of text by its name, checked against its content. Never throws. */
export async function detect(bytes: Uint8Array, name: string): Promise<string> {
  const extension = name.toLowerCase().match(/\.([a-z0-9]+)$/)?.[1] ?? "";
  const magic = await magicOf(bytes);
  if (OFFICE.includes(extension) && isOfficeShell(bytes, magic)) return FORMATS[extension as Format];
  if (magic === "application/x-cfb") return compoundType(bytes);
  // XML and text formats are told apart below, where the name counts too.
  if (magic && magic !== "application/xml" && !magic.startsWith("text/")) return canonicalType(magic);
  if (Buffer.from(bytes.subarray(0, 1_024)).toString("latin1").trimStart().startsWith("%PDF-")) return FORMATS.pdf;
  if (looksBinary(bytes)) return "application/octet-stream";
  const { text } = decodeText(bytes, declaredEncoding(bytes));
  // Without its beginning it is broken; what it was is told by what programs write, and by no prose.
  if (extension === "rtf" && /\\(?:pard?|fonttbl|ansi)\b/.test(text)) return FORMATS.rtf;
  const isMail = extension === "eml" || extension === "mht" || extension === "mhtml";
  const saysLittle = EXTENSIONS[extension] === "txt" || !(extension in EXTENSIONS || extension in OTHER_TEXT);
  if ((isMail || saysLittle) && looksLikeMail(text, isMail)) return FORMATS.eml;
  const named = EXTENSIONS[extension] === "eml" ? "txt" : (EXTENSIONS[extension] ?? null);
  return OTHER_TEXT[extension] ?? FORMATS[textFormat(text, named)];
}

async function magicOf(bytes: Uint8Array): Promise<string | undefined> {
  // A byte order mark of UTF-16 or UTF-32 is also how some MPEG frames begin, and text without one begins like anything.
  if (isWideText(bytes)) return undefined;
  const { fileTypeFromBuffer } = await import("file-type");
  // A truncated container can end the detector early.
  return (await fileTypeFromBuffer(bytes).catch(() => undefined))?.mime;
}

/** A container whose inside the detector can't make out: broken, or with a password (an OLE file around the real one). */
function isOfficeShell(bytes: Uint8Array, magic: string | undefined): boolean {
  if (magic === "application/zip") return true;
  if (magic === undefined) return bytes[0] === 0x50 && bytes[1] === 0x4b;
  return magic === "application/x-cfb" && Buffer.from(bytes).includes(Buffer.from("EncryptedPackage", "utf16le"));
}

/** What old Office programs and Outlook wrote, by the names of the streams in their common container. */
const STREAMS: readonly (readonly [name: string, mediaType: string])[] = [
  ["WordDocument", "application/msword"],
  ["PowerPoint Document", "application/vnd.ms-powerpoint"],
  ["__properties_version1.0", "application/vnd.ms-outlook"],
  ["Workbook", "application/vnd.ms-excel"],
];

function compoundType(bytes: Uint8Array): string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return STREAMS.find(([name]) => buffer.includes(Buffer.from(name, "utf16le")))?.[1] ?? "application/x-cfb";
}

/** Whether it is text of two or four bytes a character, by its mark or its shape. */
function isWideText(bytes: Uint8Array): boolean {
  const { text, encoding } = sampleOf(bytes);
  return /^UTF-(16|32)/.test(encoding) && controlsIn(text) <= 1;
}

/** Control characters that no text holds. */
function looksBinary(bytes: Uint8Array): boolean {
  const { text } = sampleOf(bytes);
  const controls = controlsIn(text);
  return controls > text.length * 0.01 && controls > 1;
}

function sampleOf(bytes: Uint8Array): DecodedText {
  // Whole characters of whatever width, and a sign of how long the file is.
  return decodeText(bytes.length <= 4_096 ? bytes : bytes.subarray(0, 4_096 + (bytes.length % 4)));
}

function controlsIn(text: string): number {
  return text.match(/[\u0000-\u0008\u000e-\u001a\u001c-\u001f]/g)?.length ?? 0;
}

/** Header lines before the first empty one; where the name does not say so, those that only mails have. */
function looksLikeMail(text: string, isNamed: boolean): boolean {
  const head = text
    .trimStart()
    .slice(0, 20_000)
    .split(/\r?\n\r?\n/, 1)[0]!;
  const lines = head.split(/\r?\n/);
  const isHead = lines.every(
    (line, index) =>
      /^[!-9;-~]+:/.test(line) || (index > 0 && /^[ \t]/.test(line)) || (index === 0 && line.startsWith("From ")),
  );
  if (isNamed) return isHead;
  // Notes begin with "From:" and "Date:" as well; what programs add, people don't write.
  return isHead && /^(from|sender):/im.test(head) && /^(message-id|received|mime-version):/im.test(head);
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
