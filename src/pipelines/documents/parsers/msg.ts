import { PermanentError } from "../../../errors.js";
import { openCompound, type Compound } from "./compound.js";
import {
  mapiValue,
  outlookParsed,
  PROPERTY,
  type MapiProperties,
  type MapiValue,
  type OutlookAttachment,
  type OutlookMessage,
} from "./mapi.js";
import type { ParseAid, Parsed } from "./parsed.js";

/** A mail in a mail in a mail; deeper is an attack or a mistake. */
const MAX_DEPTH = 5;
const MAX_PARTS = 2_000;
const PROPERTIES = "__properties_version1.0";
const UNICODE_ONLY = 1_200;

/** A message, appointment, contact or task as Outlook saves it (.msg, .oft), with what is attached. */
export async function parseMsg(bytes: Uint8Array, name: string, aid: ParseAid): Promise<Parsed> {
  const compound = openCompound(bytes, name);
  return outlookParsed(messageAt(compound, "", name, 0), name, aid);
}

function messageAt(compound: Compound, folder: string, name: string, depth: number): OutlookMessage {
  if (depth > MAX_DEPTH) {
    throw new PermanentError("RESOURCE_LIMIT", `${name} is nested more than ${MAX_DEPTH} messages deep.`);
  }
  // Of the message itself, of one inside it, of a recipient or an attachment: how long the head of the list is.
  const properties = propertiesAt(compound, folder, depth === 0 ? 32 : 24);
  const codePage = codePageOf(properties);
  const storages = (prefix: string): string[] =>
    compound
      .inside(folder.slice(0, -1))
      .filter(({ isStorage }) => isStorage)
      .map(({ path }) => path)
      .filter((path) => path.slice(folder.length).startsWith(prefix))
      .sort()
      .slice(0, MAX_PARTS);
  const recipients = storages("__recip_version1.0_").map((path) => {
    const found = propertiesAt(compound, `${path}/`, 8, codePage);
    const kind = found.get(PROPERTY.recipientKind);
    return {
      kind: typeof kind === "number" ? kind & 0xff : 1,
      name: text(found, PROPERTY.displayName),
      address: text(found, PROPERTY.smtpAddress) || text(found, PROPERTY.address),
    };
  });
  const attachments = storages("__attach_version1.0_").flatMap((path, index) =>
    attachmentAt(compound, `${path}/`, { name, index, codePage, depth }),
  );
  return { properties, recipients, attachments };
}

function attachmentAt(
  compound: Compound,
  folder: string,
  { name, index, codePage, depth }: { name: string; index: number; codePage: number; depth: number },
): OutlookAttachment[] {
  const found = propertiesAt(compound, folder, 8, codePage);
  const inner = `${folder}__substg1.0_3701000D/`;
  const called =
    text(found, PROPERTY.attachedName) ||
    text(found, PROPERTY.attachedShortName) ||
    text(found, PROPERTY.displayName) ||
    `part ${index + 1}`;
  if (compound.inside(inner.slice(0, -1)).some(({ path }) => path === `${inner}${PROPERTIES}`)) {
    return [{ kind: "message", name: called, message: messageAt(compound, inner, name, depth + 1) }];
  }
  const data = found.get(PROPERTY.attachedData);
  if (!Buffer.isBuffer(data)) return [];
  return [{ kind: "file", name: called, mimeType: text(found, PROPERTY.attachedType), bytes: data }];
}

function text(properties: MapiProperties, id: number): string {
  const value = properties.get(id);
  return typeof value === "string" ? value.trim() : "";
}

function codePageOf(properties: MapiProperties): number {
  const found = properties.get(PROPERTY.codePage);
  return typeof found === "number" && found > 0 && found !== UNICODE_ONLY ? found : 1_252;
}

/** Short values stand in a list, longer ones each in a stream that is named by number and type. */
function propertiesAt(compound: Compound, folder: string, headBytes: number, codePage?: number): MapiProperties {
  const found = new Map<number, MapiValue>();
  const list = compound.read(folder + PROPERTIES) ?? Buffer.alloc(0);
  for (let at = headBytes; at + 16 <= list.length; at += 16) {
    const value = mapiValue(list.readUInt16LE(at), list.subarray(at + 8, at + 16), 1_252);
    if (value !== null && typeof value !== "string" && !Buffer.isBuffer(value))
      found.set(list.readUInt16LE(at + 2), value);
  }
  const page = codePage ?? codePageOf(found);
  for (const { path, isStorage } of compound.inside(folder.slice(0, -1))) {
    if (isStorage) continue;
    const parts = NAMED.exec(path.slice(folder.length));
    const id = parts ? parseInt(parts[1]!, 16) : 0;
    if (!parts || !WANTED.has(id)) continue;
    const value = mapiValue(parseInt(parts[2]!, 16), compound.read(path)!, page);
    if (value !== null) found.set(id, value);
  }
  return found;
}

const NAMED = /^__substg1\.0_([0-9A-F]{4})([0-9A-F]{4})$/i;
const WANTED: ReadonlySet<number> = new Set(Object.values(PROPERTY));
