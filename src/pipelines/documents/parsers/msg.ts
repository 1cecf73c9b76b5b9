import { PermanentError } from "../../../errors.js";
import { PageLetters } from "./code-pages.js";
import { openCompound, type Compound } from "./compound.js";
import {
  codePageOf,
  isWanted,
  mapiValue,
  outlookParsed,
  PROPERTY,
  textAt,
  type MapiProperties,
  type MapiValue,
  type OutlookAttachment,
  type OutlookMessage,
} from "./mapi.js";
import type { ParseAid, Parsed } from "./parsed.js";

/** A mail in a mail in a mail; deeper is an attack or a mistake. */
const MAX_DEPTH = 5;
const MAX_PARTS = 2_000;
const ATTACHMENT = "__attach_version1.0_";
const PROPERTIES = "__properties_version1.0";

/** A message, appointment, contact or task as Outlook saves it (.msg, .oft), with what is attached. */
export async function parseMsg(bytes: Uint8Array, name: string, aid: ParseAid): Promise<Parsed> {
  const compound = openCompound(bytes, name, aid);
  const parts = compound.inside("").filter(({ path }) => path.startsWith(ATTACHMENT)).length;
  if (parts > MAX_PARTS) {
    aid.warn("ATTACHMENTS_LEFT_OUT", `${name} has ${parts} attachments; ${MAX_PARTS} were looked at.`, {
      count: parts - MAX_PARTS,
    });
  }
  return outlookParsed(messageAt(compound, "", name, 0), name, aid);
}

function messageAt(compound: Compound, folder: string, name: string, depth: number): OutlookMessage {
  if (depth > MAX_DEPTH) {
    throw new PermanentError("RESOURCE_LIMIT", `${name} is nested more than ${MAX_DEPTH} messages deep.`);
  }
  // Of the message itself, of one inside it, of a recipient or an attachment: how long the head of the list is.
  const letters = new PageLetters();
  const properties = propertiesAt(compound, folder, { headBytes: depth === 0 ? 32 : 24, letters, isMessage: true });
  const storages = (prefix: string): string[] =>
    compound
      .inside(folder.slice(0, -1))
      .filter(({ isStorage }) => isStorage)
      .map(({ path }) => path)
      .filter((path) => path.slice(folder.length).startsWith(prefix))
      .sort()
      .slice(0, MAX_PARTS);
  const recipients = storages("__recip_version1.0_").map((path) => {
    const found = propertiesAt(compound, `${path}/`, { headBytes: 8, letters });
    const kind = found.get(PROPERTY.recipientKind);
    return {
      kind: typeof kind === "number" ? kind & 0xff : 1,
      name: textAt(found, PROPERTY.displayName),
      address: textAt(found, PROPERTY.smtpAddress) || textAt(found, PROPERTY.address),
    };
  });
  const attachments: OutlookAttachment[] = [];
  const empty: string[] = [];
  for (const [index, path] of storages(ATTACHMENT).entries()) {
    const found = attachmentAt(compound, `${path}/`, { name, index, letters, depth });
    if (typeof found === "string") empty.push(found);
    else attachments.push(found);
  }
  return { properties, recipients, attachments, empty, unknownPages: letters.unknown };
}

/** Its name alone where its content is not there. */
function attachmentAt(
  compound: Compound,
  folder: string,
  { name, index, letters, depth }: { name: string; index: number; letters: PageLetters; depth: number },
): OutlookAttachment | string {
  const found = propertiesAt(compound, folder, { headBytes: 8, letters });
  const inner = `${folder}__substg1.0_3701000D/`;
  const called =
    textAt(found, PROPERTY.attachedName) ||
    textAt(found, PROPERTY.attachedShortName) ||
    textAt(found, PROPERTY.displayName) ||
    `part ${index + 1}`;
  if (compound.inside(inner.slice(0, -1)).some(({ path }) => path === `${inner}${PROPERTIES}`)) {
    return { kind: "message", name: called, message: messageAt(compound, inner, name, depth + 1) };
  }
  const data = found.get(PROPERTY.attachedData);
  if (!Buffer.isBuffer(data)) return called;
  return { kind: "file", name: called, mimeType: textAt(found, PROPERTY.attachedType), bytes: data };
}

/** Short values stand in a list, longer ones each in a stream that is named by number and type. */
function propertiesAt(
  compound: Compound,
  folder: string,
  { headBytes, letters, isMessage }: { headBytes: number; letters: PageLetters; isMessage?: boolean },
): MapiProperties {
  const found = new Map<number, MapiValue>();
  const list = compound.read(folder + PROPERTIES) ?? Buffer.alloc(0);
  for (let at = headBytes; at + 16 <= list.length; at += 16) {
    const value = mapiValue(list.readUInt16LE(at), list.subarray(at + 8, at + 16), letters);
    if (value !== null && typeof value !== "string" && !Buffer.isBuffer(value))
      found.set(list.readUInt16LE(at + 2), value);
  }
  // A message names its code page; what belongs to it is written in the same.
  if (isMessage) letters.codePage = codePageOf(found);
  for (const { path, isStorage } of compound.inside(folder.slice(0, -1))) {
    if (isStorage) continue;
    const parts = NAMED.exec(path.slice(folder.length));
    const id = parts ? parseInt(parts[1]!, 16) : 0;
    if (!parts || !isWanted(id)) continue;
    const value = mapiValue(parseInt(parts[2]!, 16), compound.read(path)!, letters);
    if (value !== null) found.set(id, value);
  }
  return found;
}

const NAMED = /^__substg1\.0_([0-9A-F]{4})([0-9A-F]{4})$/i;
