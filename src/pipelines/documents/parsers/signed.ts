import { PermanentError } from "../../../errors.js";
import type { ParseAid, Parsed } from "./parsed.js";

/** The object identifiers of what a cryptographic message (RFC 5652) is: data, signed, encrypted. */
const DATA = "2a864886f70d010701";
const SIGNED = "2a864886f70d010702";
const ENVELOPED = "2a864886f70d010703";
const CONSTRUCTED = 0x20;
const OCTETS = 0x04;
const MAX_DEPTH = 60;

interface Element {
  readonly tag: number;
  readonly content: Buffer;
  /** Where the next one begins. */
  readonly end: number;
}

/** Whether the bytes are such a message, in bytes or in letters (PEM). */
export function isSigned(bytes: Uint8Array): boolean {
  const binary = binaryOf(bytes);
  return binary[0] === 0x30 && /060?92a864886f70d01070[23]/.test(binary.subarray(0, 40).toString("hex"));
}

/** What was signed (smime.p7m, .p7m): a mail, an invoice, any document, read as what it is. The signature itself is not checked. */
export async function parseSigned(bytes: Uint8Array, name: string, aid: ParseAid): Promise<Parsed> {
  const content = contentOf(binaryOf(bytes), name);
  const inner = name.replace(/\.(p7m|p7s|p7)$/i, "");
  const isMail = /^(smime|part \d+)?$/i.test(inner) || inner === name;
  const parsed = await aid.parseInner(content, isMail ? `${inner || "message"}.eml` : inner);
  if (parsed !== null) return parsed;
  throw new PermanentError(
    "UNSUPPORTED_TYPE",
    `${name} is a signed file whose content no parser supports; send the content itself.`,
  );
}

function binaryOf(bytes: Uint8Array): Buffer {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const head = buffer.subarray(0, 200).toString("latin1");
  const isLetters =
    /^\s*-----BEGIN (?:PKCS7|CMS|PKCS #7 SIGNED DATA)-----/.test(head) || /^\s*MI[A-Za-z0-9+/\r\n]{30}/.test(head);
  if (!isLetters) return buffer;
  return Buffer.from(buffer.toString("latin1").replace(/-----[^-]+-----/g, ""), "base64");
}

/** @throws {PermanentError} ENCRYPTED_DOCUMENT; MALFORMED_DOCUMENT; NO_TEXT for a signature whose content stands elsewhere */
function contentOf(bytes: Buffer, name: string): Buffer {
  const [type, wrapped] = childrenOf(elementAt(bytes, 0, 0)?.content ?? Buffer.alloc(0));
  const kind = type?.content.toString("hex");
  if (kind === ENVELOPED) {
    throw new PermanentError("ENCRYPTED_DOCUMENT", `${name} is encrypted for its receivers; send it decrypted.`);
  }
  const signed = wrapped ? childrenOf(wrapped.content)[0] : undefined;
  if (kind !== SIGNED || !signed) throw broken(name);
  const parts = childrenOf(signed.content);
  const encapsulated = parts.find(({ content }) => childrenOf(content)[0]?.content.toString("hex") === DATA);
  const octets = encapsulated && childrenOf(encapsulated.content)[1];
  if (octets) return Buffer.concat(octetsOf(octets, 0));
  throw new PermanentError("NO_TEXT", `${name} is a signature without what it signs; send that as well.`);
}

/** A text of bytes stands in one piece or in many. */
function octetsOf({ tag, content }: Element, depth: number): Buffer[] {
  if (tag === OCTETS) return [content];
  if (depth > MAX_DEPTH || (tag & CONSTRUCTED) === 0) return [];
  const children = childrenOf(content);
  const end = children.reduce((sum, child) => Math.max(sum, child.end), 0);
  if (content.subarray(end).some((byte) => byte !== 0)) throw new RangeError("what was signed breaks off");
  return children.flatMap((child) => octetsOf(child, depth + 1));
}

function childrenOf(bytes: Buffer): Element[] {
  const found: Element[] = [];
  for (let at = 0; at < bytes.length;) {
    const element = elementAt(bytes, at, 0);
    // Two zeros end what has no length.
    if (element === null || (element.tag === 0 && element.content.length === 0)) break;
    found.push(element);
    at = element.end;
  }
  return found;
}

/** The element that begins there (ITU-T X.690); null where none does, or where it breaks off. */
function elementAt(bytes: Buffer, at: number, depth: number): Element | null {
  if (at + 2 > bytes.length || depth > MAX_DEPTH) return null;
  const tag = bytes[at]!;
  const first = bytes[at + 1]!;
  if (first < 0x80) return whole(bytes, tag, at + 2, first);
  if (first > 0x80) {
    const size = first & 0x7f;
    if (size > 6 || at + 2 + size > bytes.length) return null;
    const [begin, length] = [at + 2 + size, bytes.readUIntBE(at + 2, size)];
    return whole(bytes, tag, begin, length);
  }
  let end = at + 2;
  while (end + 2 <= bytes.length && bytes.readUInt16BE(end) !== 0) {
    const inner = elementAt(bytes, end, depth + 1);
    if (inner === null) return null;
    end = inner.end;
  }
  return end + 2 > bytes.length ? null : { tag, content: bytes.subarray(at + 2, end), end: end + 2 };
}

function whole(bytes: Buffer, tag: number, begin: number, length: number): Element | null {
  const end = begin + length;
  return end > bytes.length ? null : { tag, content: bytes.subarray(begin, end), end };
}

function broken(name: string): PermanentError {
  return new PermanentError("MALFORMED_DOCUMENT", `${name} is not a valid signed message; send an intact copy.`);
}
