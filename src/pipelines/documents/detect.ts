import { decodeText, declaredEncoding, type DecodedText } from "../decode-text.js";
import { compoundType, heifType, packageType } from "./detect-container.js";
import { textType } from "./detect-text.js";
import { canonicalType, FORMATS, type Format } from "./formats.js";
import { isSigned } from "./parsers/signed.js";

/** Containers of one kind, which the name tells apart where their content is too broken to. */
const OFFICE: readonly string[] = ["docx", "odt", "ods", "odp", "pptx", "xlsx", "epub"] satisfies Format[];

/** The media type by magic number; of text by its name, checked against its content. Never throws. */
export async function detect(bytes: Uint8Array, name: string): Promise<string> {
  const extension = name.toLowerCase().match(/\.([a-z0-9]+)$/)?.[1] ?? "";
  const magic = await magicOf(bytes);
  if (OFFICE.includes(extension) && isOfficeShell(bytes, magic)) return FORMATS[extension as Format];
  if (magic === "application/x-cfb") return compoundType(bytes, extension, OFFICE);
  if (magic === "application/zip") return packageType(bytes) ?? magic;
  const own = signedType(bytes);
  if (own !== null) return own;
  // XML and text formats are told apart below, where the name counts too.
  if (magic && magic !== "application/xml" && !magic.startsWith("text/")) return canonicalType(heifType(bytes, magic));
  if (isPdf(bytes)) return FORMATS.pdf;
  if (looksBinary(bytes)) return isWrappedPdf(bytes) ? FORMATS.pdf : "application/octet-stream";
  return textType(decodeText(bytes, declaredEncoding(bytes)).text, extension);
}

/** A program may have printed something before the file, as readers allow; a text that tells of PDFs has no end of one. */
function isPdf(bytes: Uint8Array): boolean {
  const head = Buffer.from(bytes.subarray(0, 1_024)).toString("latin1");
  if (head.trimStart().startsWith("%PDF-")) return true;
  const tail = Buffer.from(bytes.subarray(-2_048)).toString("latin1");
  return /^%PDF-\d\.\d/m.test(head) && /^startxref\s+\d+\s+%%EOF/m.test(tail);
}

/** Old Macintoshes put 128 bytes of their own before a file, and more behind it. */
function isWrappedPdf(bytes: Uint8Array): boolean {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return /%PDF-\d\.\d/.test(buffer.subarray(0, 1_024).toString("latin1")) && buffer.lastIndexOf("%%EOF") > 0;
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

/** What the detector does not know: mails of Outlook in a wrapper (winmail.dat), and signed messages. */
function signedType(bytes: Uint8Array): string | null {
  const head = Buffer.from(bytes.subarray(0, 60)).toString("latin1");
  if (head.startsWith("\x78\x9f\x3e\x22")) return FORMATS.tnef;
  return isSigned(bytes) ? FORMATS.p7m : null;
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
