import { PermanentError } from "../../../errors.js";
import {
  isWanted,
  mapiValue,
  outlookParsed,
  PROPERTY,
  textAt,
  type MapiValue,
  type OutlookAttachment,
  type OutlookMessage,
} from "./mapi.js";
import { PageLetters } from "./code-pages.js";
import type { ParseAid, Parsed } from "./parsed.js";

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
  const told: Told = { isCut: false, damaged: 0, more: 0 };
  const message = messageIn(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), { name, depth: 0, told });
  if (told.isCut) aid.warn("PART_UNREAD", `${name} breaks off; what follows is lost.`, { count: 1 });
  if (told.damaged > 0) {
    aid.warn("PART_UNREAD", `${told.damaged} parts of ${name} are damaged, as their sums say.`, {
      count: told.damaged,
    });
  }
  if (told.more > 0) {
    aid.warn("PART_UNREAD", `${name} has ${told.more} properties more than the ${MAX_PROPERTIES} that are read.`, {
      count: told.more,
    });
  }
  return outlookParsed(message, name, aid);
}

/** What was not read of a file. */
interface Told {
  isCut: boolean;
  damaged: number;
  more: number;
}
interface Reading {
  readonly name: string;
  readonly depth: number;
  readonly told: Told;
}

function messageIn(bytes: Buffer, reading: Reading): OutlookMessage {
  const { name, depth, told } = reading;
  if (depth > MAX_DEPTH) {
    throw new PermanentError("RESOURCE_LIMIT", `${name} is nested more than ${MAX_DEPTH} messages deep.`);
  }
  if (bytes.length < 6 || bytes.readUInt32LE(0) !== SIGNATURE) {
    throw new PermanentError("MALFORMED_DOCUMENT", `${name} does not begin as winmail.dat does; send an intact copy.`);
  }
  const properties = new Map<number, MapiValue>();
  const parts: Part[] = [];
  const empty: string[] = [];
  const letters = new PageLetters();
  let at = 6;
  while (at + 9 <= bytes.length) {
    const [id, length] = [bytes.readUInt16LE(at + 1), bytes.readUInt32LE(at + 5)];
    const content = bytes.subarray(at + 9, at + 9 + length);
    at += 9 + length + 2;
    if (at > bytes.length) told.isCut = true;
    else if (bytes.readUInt16LE(at - 2) !== sumOf(content)) told.damaged += 1;
    const part = parts.at(-1);
    if (id === ATTRIBUTE.codePage && content.length >= 4)
      letters.codePage = content.readUInt32LE(0) || letters.codePage;
    else if (id === ATTRIBUTE.subject) properties.set(PROPERTY.subject, plain(content, letters));
    else if (id === ATTRIBUTE.body) properties.set(PROPERTY.body, plain(content, letters));
    else if (id === ATTRIBUTE.properties) readProperties(content, letters, { into: properties, told });
    else if (id === ATTRIBUTE.begins) parts.push({ title: "", data: null, properties: new Map() });
    else if (id === ATTRIBUTE.title && part) part.title = plain(content, letters);
    else if (id === ATTRIBUTE.data && part) part.data = content;
    else if (id === ATTRIBUTE.attached && part) readProperties(content, letters, { into: part.properties, told });
  }
  if (at < bytes.length && bytes.subarray(at).some((byte) => ![0, 10, 13, 32].includes(byte))) told.isCut = true;
  const attachments: OutlookAttachment[] = [];
  for (const [index, part] of parts.entries()) {
    const found = attachmentOf(part, index, reading);
    if (typeof found === "string") empty.push(found);
    else attachments.push(found);
  }
  return { properties, recipients: [], attachments, empty, unknownPages: letters.unknown };
}

/** Behind each attribute stands what its bytes add up to. */
function sumOf(content: Buffer): number {
  let sum = 0;
  for (const byte of content) sum = (sum + byte) & 0xffff;
  return sum;
}

/** Its name alone where its content is not there. */
function attachmentOf(part: Part, index: number, reading: Reading): OutlookAttachment | string {
  const text = (id: number): string => textAt(part.properties, id);
  const called = text(PROPERTY.attachedName) || part.title || text(PROPERTY.displayName) || `part ${index + 1}`;
  const own = part.properties.get(PROPERTY.attachedData);
  const data = part.data ?? (Buffer.isBuffer(own) ? own : null);
  if (data === null) return called;
  // A message inside stands behind sixteen bytes that say so.
  if (Buffer.isBuffer(own) && own.length > 20 && own.readUInt32LE(16) === SIGNATURE) {
    const inner = messageIn(own.subarray(16), { ...reading, depth: reading.depth + 1 });
    return { kind: "message", name: called, message: inner };
  }
  return { kind: "file", name: called, mimeType: text(PROPERTY.attachedType), bytes: data };
}

function plain(content: Buffer, letters: PageLetters): string {
  return letters.text(content).replace(/\0+$/, "");
}

/** Values one behind the other, each behind its type and number; of variable length ones there may be several. */
function readProperties(
  bytes: Buffer,
  letters: PageLetters,
  { into, told }: { into: Map<number, MapiValue>; told: Told },
): void {
  if (bytes.length < 4) return;
  let at = 4;
  const listed = bytes.readUInt32LE(0);
  const count = Math.min(listed, MAX_PROPERTIES);
  const cut = (): void => void (told.isCut = true);
  for (let index = 0; index < count; index += 1) {
    if (at + 4 > bytes.length) return cut();
    const [type, id] = [bytes.readUInt16LE(at) & 0xfff, bytes.readUInt16LE(at + 2)];
    const isMany = (bytes.readUInt16LE(at) & 0x1000) !== 0;
    at += 4;
    if (id >= 0x8000) {
      // Of a name that programs chose for themselves.
      if (at + 24 > bytes.length) return cut();
      const isText = bytes.readUInt32LE(at + 16) === 1;
      at += isText ? 24 + padded(bytes.readUInt32LE(at + 20)) : 24;
    }
    const size = SIZES[type];
    let values = 1;
    if (size === undefined || isMany) {
      if (at + 4 > bytes.length) return cut();
      values = bytes.readUInt32LE(at);
      at += 4;
    }
    for (let one = 0; one < values && at < bytes.length; one += 1) {
      let length = size ?? 0;
      if (size === undefined) {
        if (at + 4 > bytes.length) return cut();
        length = bytes.readUInt32LE(at);
        at += 4;
      }
      const value = one === 0 && isWanted(id) ? mapiValue(type, bytes.subarray(at, at + length), letters) : null;
      if (value !== null) into.set(id, value);
      if (at + length > bytes.length) return cut();
      at += padded(length);
    }
  }
  told.more += listed - count;
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
