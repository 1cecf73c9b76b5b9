import { messageOf } from "../../../errors.js";
import { within, type Block } from "../blocks/block.js";
import { attachmentsBlocks, type MailAttachment } from "./attachments.js";
import { encodingOfPage, textInCodePage, warnOfPage, type PageLetters } from "./code-pages.js";
import { dateOfFileTime } from "./compound-facts.js";
import { mailBody } from "./mail-body.js";
import { factsOf, MAX_NESTING, warnOfBlanks, type ParseAid, type Parsed } from "./parsed.js";
import { decodeText, declaredEncoding } from "../../decode-text.js";
import { expandRtf } from "./rtf-compressed.js";
import { holdsHtml, htmlOfRtf } from "./rtf-html.js";
import { warnOfRtf } from "./rtf.js";
import { RtfReader } from "./rtf-reader.js";

/** What Outlook knows of a message, by the number of the property ([MS-OXPROPS]): text, bytes, a number or a time. */
export type MapiProperties = ReadonlyMap<number, MapiValue>;
export type MapiValue = string | Buffer | number | Date;

export interface OutlookMessage {
  readonly properties: MapiProperties;
  readonly recipients: readonly { readonly kind: number; readonly name: string; readonly address: string }[];
  readonly attachments: readonly OutlookAttachment[];
  /** Those that are listed and whose content is not there. */
  readonly empty: readonly string[];
  /** Code pages that its texts stand in and that are not known. */
  readonly unknownPages: ReadonlySet<number>;
}
export type OutlookAttachment =
  | ({ readonly kind: "file" } & MailAttachment)
  | { readonly kind: "message"; readonly name: string; readonly message: OutlookMessage };

/** By number, what is looked at of a message, a recipient or an attachment. */
export const PROPERTY = {
  class: 0x001a,
  subject: 0x0037,
  submitted: 0x0039,
  senderName: 0x0c1a,
  senderAddress: 0x0c1f,
  representedName: 0x0042,
  representedAddress: 0x0065,
  recipientKind: 0x0c15,
  displayBcc: 0x0e02,
  displayCc: 0x0e03,
  displayTo: 0x0e04,
  delivered: 0x0e06,
  body: 0x1000,
  rtf: 0x1009,
  html: 0x1013,
  messageId: 0x1035,
  displayName: 0x3001,
  address: 0x3003,
  smtpAddress: 0x39fe,
  senderSmtp: 0x5d01,
  attachedData: 0x3701,
  attachedShortName: 0x3704,
  attachedName: 0x3707,
  attachedType: 0x370e,
  attachedHidden: 0x7ffe,
  codePage: 0x3ffd,
  htmlCodePage: 0x3fde,
} as const;

/** Whether anything here looks at the property. */
export function isWanted(id: number): boolean {
  return WANTED.has(id);
}
const WANTED: ReadonlySet<number> = new Set(Object.values(PROPERTY));

/** Text of the kind that the file declares: bytes of a code page, or Unicode. Null for a type that says nothing here. */
export function mapiValue(type: number, bytes: Buffer, letters: PageLetters): MapiValue | null {
  if (type === 0x1f) return bytes.toString("utf16le").replace(/\0+$/, "");
  if (type === 0x1e) return letters.text(bytes).replace(/\0+$/, "");
  if (type === 0x102 || type === 0x0d) return bytes;
  if (type === 0x02 && bytes.length >= 2) return bytes.readInt16LE(0);
  if (type === 0x03 && bytes.length >= 4) return bytes.readInt32LE(0);
  if (type === 0x0b && bytes.length >= 1) return bytes[0]!;
  if (type === 0x40 && bytes.length >= 8) return dateOfFileTime(bytes.readBigUInt64LE(0)) ?? null;
  return null;
}

/** Who wrote to whom and what of, the body, then each attachment's text under its name, as of a mail in MIME. */
export async function outlookParsed(message: OutlookMessage, name: string, aid: ParseAid): Promise<Parsed> {
  const { properties } = message;
  const subject = textAt(properties, PROPERTY.subject);
  const sent = timeAt(properties, PROPERTY.submitted) ?? timeAt(properties, PROPERTY.delivered);
  const messageId = textAt(properties, PROPERTY.messageId);
  const sender = senderOf(properties);
  const heads = [
    ["Subject", subject],
    ["From", sender],
    ["To", receivers(message, 1, PROPERTY.displayTo)],
    ["Cc", receivers(message, 2, PROPERTY.displayCc)],
    ["Bcc", receivers(message, 3, PROPERTY.displayBcc)],
    ["Date", sent?.toISOString() ?? ""],
    ["Message-ID", messageId],
  ] as const;
  const known = heads.filter(([, value]) => value !== "");
  const head = known.map(([key, value]) => `${key}: ${value.replace(/\s+/g, " ").trim()}`).join("\n");
  const blocks: Block[] = [
    ...(head === "" ? [] : [{ kind: "lines", text: head } as Block]),
    ...bodyOf(properties, name, aid),
  ];
  for (const codePage of message.unknownPages) warnOfPage(codePage, name, aid);
  for (const one of message.empty) {
    aid.warn("ATTACHMENT_UNREAD", `The attachment ${one} of ${name} is named, and its content is not there.`, {
      count: 1,
    });
  }
  const files = message.attachments.filter((one) => one.kind === "file").map((one) => signedMail(one, properties));
  for (const block of await attachmentsBlocks(files, name, aid)) blocks.push(block);
  for (const attachment of message.attachments) {
    if (attachment.kind === "file") continue;
    const inner = await outlookParsed(attachment.message, attachment.name, aid);
    const part = attachment.name;
    blocks.push({ kind: "heading", level: 2, text: `Attachment: ${part}`, part });
    for (const block of within(part, inner.blocks)) blocks.push(block);
  }
  const names = message.attachments.map((one) => one.name.slice(0, 200));
  return {
    blocks,
    metadata: factsOf({
      title: subject,
      creator: sender,
      created: sent,
      identifier: messageId,
      attachments: names.length > 0 ? names.slice(0, 50) : undefined,
    }),
  };
}

export function textAt(properties: MapiProperties, id: number): string {
  const value = properties.get(id);
  return typeof value === "string" ? value.trim() : "";
}

/** The code page of texts of one byte a letter. */
export function codePageOf(properties: MapiProperties): number {
  const found = properties.get(PROPERTY.codePage);
  return typeof found === "number" && found > 0 && found !== UNICODE_ONLY ? found : 1_252;
}
const UNICODE_ONLY = 1_200;

/** What was signed and not wrapped stands attached as a whole mail, under the name of a wrapped one. */
function signedMail(attachment: MailAttachment, properties: MapiProperties): MailAttachment {
  const isClear = /^IPM\.Note\.SMIME\.MultipartSigned$/i.test(textAt(properties, PROPERTY.class));
  return isClear && /^multipart\/signed/i.test(attachment.mimeType || "multipart/signed")
    ? { ...attachment, name: attachment.name.replace(/(\.p7m)?$/i, ".eml") }
    : attachment;
}

function timeAt(properties: MapiProperties, id: number): Date | undefined {
  const value = properties.get(id);
  return value instanceof Date ? value : undefined;
}

/** An address of the Internet; what Exchange calls people inside says nothing outside. */
function person(name: string, ...addresses: readonly string[]): string {
  const address = addresses.find((one) => one.includes("@")) ?? "";
  return name !== "" && address !== "" && name !== address ? `${name} <${address}>` : address || name;
}

function senderOf(properties: MapiProperties): string {
  const at = (id: number): string => textAt(properties, id);
  return (
    person(at(PROPERTY.senderName), at(PROPERTY.senderSmtp), at(PROPERTY.senderAddress)) ||
    person(at(PROPERTY.representedName), at(PROPERTY.representedAddress))
  );
}

function receivers({ recipients, properties }: OutlookMessage, kind: number, shown: number): string {
  const listed = recipients.filter((one) => one.kind === kind).map(({ name, address }) => person(name, address));
  return listed.length > 0 ? listed.join(", ") : textAt(properties, shown).replaceAll(";", ",");
}

/** What its writer wrote: as plain text or as a page, which may stand packed in rich text; or rich text alone. */
function bodyOf(properties: MapiProperties, name: string, aid: ParseAid): Block[] {
  const plain = textAt(properties, PROPERTY.body);
  const html = properties.get(PROPERTY.html);
  const page = html === undefined ? undefined : pageOf(html, properties, { name, aid });
  warnOfBlanks(page ?? plain, name, aid);
  if (page !== undefined) return mailBody(plain || undefined, page);
  const packed = properties.get(PROPERTY.rtf);
  if (!Buffer.isBuffer(packed) || packed.length === 0) return mailBody(plain || undefined, undefined);
  const expanded = expandedRtf(packed, plain !== "", { name, aid });
  if (expanded === null) return mailBody(plain, undefined);
  const { rtf, isCut } = expanded;
  if (isCut)
    aid.warn("PART_UNREAD", `The rich text of ${name} breaks off or is damaged; something of it is lost.`, {
      count: 1,
    });
  if (holdsHtml(rtf)) {
    const { html: packedPage, unknownPages } = htmlOfRtf(rtf);
    for (const codePage of unknownPages) warnOfPage(codePage, name, aid);
    return mailBody(plain || undefined, packedPage);
  }
  if (plain !== "") return mailBody(plain, undefined);
  const found = new RtfReader(MAX_NESTING).read(rtf);
  warnOfRtf(isCut ? { ...found, isCut: false } : found, name, aid);
  return [...found.body, ...found.notes];
}

/** Null where it is damaged and the mail has its text as plain text too. @throws {PermanentError} where it has not */
function expandedRtf(
  packed: Buffer,
  hasPlain: boolean,
  { name, aid }: { readonly name: string; readonly aid: ParseAid },
): ReturnType<typeof expandRtf> | null {
  try {
    return expandRtf(packed);
  } catch (error) {
    if (!hasPlain) throw error;
    aid.warn("PART_UNREAD", `The rich text of ${name} can't be read; its plain text was. ${messageOf(error)}`, {
      count: 1,
    });
    return null;
  }
}

function pageOf(html: MapiValue, properties: MapiProperties, { name, aid }: { name: string; aid: ParseAid }): string {
  if (typeof html === "string") return html;
  if (!Buffer.isBuffer(html)) return "";
  const codePage = properties.get(PROPERTY.htmlCodePage);
  const declared = declaredEncoding(html);
  if (declared !== null || typeof codePage !== "number") return decodeText(html, declared).text;
  warnOfPage(codePage, name, aid);
  const encoding = encodingOfPage(codePage);
  return encoding === "iso-2022-jp" ? textInCodePage(html, codePage) : decodeText(html, encoding).text;
}
