import { PermanentError } from "../../../errors.js";
import {
  mapiValue,
  outlookParsed,
  PROPERTY,
  type MapiValue,
  type OutlookAttachment,
  type OutlookMessage,
} from "./mapi.js";
import type { ParseAid, Parsed } from "./parsed.js";
import { textInCodePage } from "./compound-facts.js";

const SIGNATURE = 0x223e9f78;
const MAX_DEPTH = 5;
const MAX_PROPERTIES = 20_000;
/** Attributes by their numbers ([MS-OXTNEF]); older programs write these, newer ones the properties in one of them. */
const ATTRIBUTE = {
  subject: 0x8004,
  body: 0x800c,
  data: 0x800f,
  title: 0x8010,
  properties: 0x9003,
  begins: 0x9002,
  attached: 0x9005,
  codePage: 0x9007,
} as const;

interface Part {
  title: string;
  data: Buffer | null;
  properties: Map<number, MapiValue>;
}

/** What Outlook wraps around a mail's rich text and attachments (winmail.dat), read as the mail that it is. */
export async function parseTnef(bytes: Uint8Array, name: string, aid: ParseAid): Promise<Parsed> {
  const message = messageIn(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), name, 0);
  return outlookParsed(message, name, aid);
}

function messageIn(bytes: Buffer, name: string, depth: number): OutlookMessage {
  if (depth > MAX_DEPTH) {
    throw new PermanentError("RESOURCE_LIMIT", `${name} is nested more than ${MAX_DEPTH} messages deep.`);
  }
  if (bytes.length < 6 || bytes.readUInt32LE(0) !== SIGNATURE) {
    throw new PermanentError("MALFORMED_DOCUMENT", `${name} does not begin as winmail.dat does; send an intact copy.`);
  }
  const properties = new Map<number, MapiValue>();
  const parts: Part[] = [];
  let codePage = 1_252;
  for (let at = 6; at + 9 <= bytes.length;) {
    const [id, length] = [bytes.readUInt16LE(at + 1), bytes.readUInt32LE(at + 5)];
    const content = bytes.subarray(at + 9, at + 9 + length);
    at += 9 + length + 2;
    const part = parts.at(-1);
    if (id === ATTRIBUTE.codePage && content.length >= 4) codePage = content.readUInt32LE(0);
    else if (id === ATTRIBUTE.subject) properties.set(PROPERTY.subject, plain(content, codePage));
    else if (id === ATTRIBUTE.body) properties.set(PROPERTY.body, plain(content, codePage));
    else if (id === ATTRIBUTE.properties) readProperties(content, codePage, properties);
    else if (id === ATTRIBUTE.begins) parts.push({ title: "", data: null, properties: new Map() });
    else if (id === ATTRIBUTE.title && part) part.title = plain(content, codePage);
    else if (id === ATTRIBUTE.data && part) part.data = content;
    else if (id === ATTRIBUTE.attached && part) readProperties(content, codePage, part.properties);
  }
  const attachments = parts.flatMap((part, index) => attachmentOf(part, index, { name, depth }));
  return { properties, recipients: [], attachments };
}

function attachmentOf(
  part: Part,
  index: number,
  { name, depth }: { name: string; depth: number },
): OutlookAttachment[] {
  const text = (id: number): string => {
    const value = part.properties.get(id);
    return typeof value === "string" ? value.trim() : "";
  };
  const called = text(PROPERTY.attachedName) || part.title || text(PROPERTY.displayName) || `part ${index + 1}`;
  const own = part.properties.get(PROPERTY.attachedData);
  const data = part.data ?? (Buffer.isBuffer(own) ? own : null);
  if (data === null) return [];
  // A message inside stands behind sixteen bytes that say so.
  if (Buffer.isBuffer(own) && own.length > 20 && own.readUInt32LE(16) === SIGNATURE) {
    return [{ kind: "message", name: called, message: messageIn(own.subarray(16), name, depth + 1) }];
  }
  return [{ kind: "file", name: called, mimeType: text(PROPERTY.attachedType), bytes: data }];
}

function plain(content: Buffer, codePage: number): string {
  return textInCodePage(content, codePage).replace(/\0+$/, "");
}

/** Values one behind the other, each behind its type and number; of variable length ones there may be several. */
function readProperties(bytes: Buffer, codePage: number, into: Map<number, MapiValue>): void {
  if (bytes.length < 4) return;
  let at = 4;
  const count = Math.min(bytes.readUInt32LE(0), MAX_PROPERTIES);
  for (let index = 0; index < count && at + 4 <= bytes.length; index += 1) {
    const [type, id] = [bytes.readUInt16LE(at) & 0xfff, bytes.readUInt16LE(at + 2)];
    const isMany = (bytes.readUInt16LE(at) & 0x1000) !== 0;
    at += 4;
    if (id >= 0x8000) {
      // Of a name that programs chose for themselves.
      if (at + 24 > bytes.length) return;
      const isText = bytes.readUInt32LE(at + 16) === 1;
      at += isText ? 24 + padded(bytes.readUInt32LE(at + 20)) : 24;
    }
    const size = SIZES[type];
    let values = 1;
    if (size === undefined || isMany) {
      if (at + 4 > bytes.length) return;
      values = bytes.readUInt32LE(at);
      at += 4;
    }
    for (let one = 0; one < values && at < bytes.length; one += 1) {
      let length = size ?? 0;
      if (size === undefined) {
        if (at + 4 > bytes.length) return;
        length = bytes.readUInt32LE(at);
        at += 4;
      }
      const value = mapiValue(type, bytes.subarray(at, at + length), codePage);
      if (one === 0 && value !== null && id < 0x8000) into.set(id, value);
      at += padded(length);
    }
  }
}

/** Of types whose values are all as long. */
const SIZES: Readonly<Record<number, number>> = {
  0x02: 4,
  0x03: 4,
  0x04: 4,
  0x05: 8,
  0x06: 8,
  0x07: 8,
  0x0a: 4,
  0x0b: 4,
  0x14: 8,
  0x40: 8,
  0x48: 16,
};

function padded(length: number): number {
  return Math.ceil(length / 4) * 4;
}
