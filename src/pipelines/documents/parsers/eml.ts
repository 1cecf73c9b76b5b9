import { isAscii, isUtf8 } from "node:buffer";
import PostalMime, { type Address, type Email } from "postal-mime";
import type { Block } from "../blocks/block.js";
import { attachmentsBlocks, type MailAttachment } from "./attachments.js";
import { mailBody } from "./mail-body.js";
import { recoded } from "./mail-charsets.js";
import { withHeadFolded, withHeadsEnded, withLinesEnded, withPartsFound } from "./mail-parts.js";
import { withTextsDecoded } from "./mail-texts.js";
import { factsOf, readText, type ParseAid, type Parsed } from "./parsed.js";
import { withoutEncodedFiles } from "./uuencode.js";

const MAX_LISTED = 50;
const MAX_HEAD_BYTES = 200_000;

/** Who wrote to whom and what of, the body, then each attachment's text under its name. */
export async function parseEml(found: Uint8Array, name: string, aid: ParseAid): Promise<Parsed> {
  const bytes = withLinesEnded(found);
  const readable = withTextsDecoded(withHeadsEnded(withReadableHead(withHeadFolded(bytes), name, aid)), name, aid);
  const mail = await parsedMail(readable);
  const right = recoded(readable, name, aid);
  // What stands in the header unencoded has been read already, and must not be read twice.
  const rightHead = isAscii(headOf(bytes)) ? right : (text: string): string => text;
  const heads = [
    ["Subject", mail.subject],
    ["From", mail.from && addressText(mail.from)],
    ["To", listed(mail.to)],
    ["Cc", listed(mail.cc)],
    ["Bcc", listed(mail.bcc)],
    ["Reply-To", listed(mail.replyTo)],
    ["Date", mail.date],
    ["Message-ID", mail.messageId],
  ] as const;
  const known = heads.filter(([, value]) => value !== undefined && value.trim() !== "");
  const head = rightHead(known.map(([key, value]) => `${key}: ${value!.replace(/\s+/g, " ").trim()}`).join("\n"));
  const { text, files } = withoutEncodedFiles(mail.text === undefined ? "" : right(mail.text));
  const blocks: Block[] = [
    { kind: "lines", text: head },
    ...mailBody(mail.text && text, mail.html && right(mail.html)),
  ];
  const attachments = [
    ...mail.attachments.map(({ filename, mimeType, content }, index): MailAttachment => {
      const part = typeof content === "string" ? Buffer.from(content) : new Uint8Array(content);
      return decoded({ name: filename ?? `part ${index + 1}`, mimeType, bytes: part });
    }),
    ...files.map((file): MailAttachment => ({ ...file, mimeType: "application/octet-stream" })),
  ];
  for (const block of await attachmentsBlocks(attachments, name, aid)) blocks.push(block);
  const names = mail.attachments.flatMap(({ filename }) => (filename ? [filename.slice(0, 200)] : []));
  return {
    blocks,
    metadata: factsOf({
      title: mail.subject && rightHead(mail.subject),
      creator: rightHead(known.find(([key]) => key === "From")?.[1] ?? ""),
      created: mail.date,
      identifier: mail.messageId,
      attachments: mail.attachments.length > 0 ? names.slice(0, MAX_LISTED) : undefined,
    }),
  };
}

/** One whose encoding is that of mails before MIME, which the library leaves as it is. */
function decoded(attachment: MailAttachment): MailAttachment {
  const { bytes } = attachment;
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (!/^\s*begin [0-7]/.test(buffer.subarray(0, 100).toString("latin1"))) return attachment;
  const { text, files } = withoutEncodedFiles(buffer.toString("latin1"));
  return files.length === 1 && text.trim() === "" ? { ...attachment, bytes: files[0]!.bytes } : attachment;
}

async function parsedMail(bytes: Uint8Array): Promise<Email> {
  const parse = (from: Uint8Array) =>
    // Within the text of the mail around it, a message is without its id, and its time without its zone.
    PostalMime.parse(from, {
      attachmentEncoding: "arraybuffer",
      maxNestingDepth: 100,
      forceRfc822Attachments: true,
    });
  const mail = await parse(bytes);
  if (mail.text !== undefined || mail.html !== undefined || mail.attachments.length > 0) return mail;
  const again = withPartsFound(bytes);
  return again === null ? mail : parse(again);
}

/**
 * The mail with its header in UTF-8, as which it is read. Some programs write it in the encoding of the body instead, which
 * they declare further down.
 */
function withReadableHead(bytes: Uint8Array, name: string, aid: ParseAid): Uint8Array {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const raw = headOf(bytes);
  if (isAscii(raw)) return bytes;
  const head = withEncodedWords(raw);
  const rest = buffer.subarray(raw.length);
  if (isUtf8(head)) return Buffer.concat([head, rest]);
  const declared = /\bcharset\s*=\s*"?([\w.:-]+)/i.exec(buffer.subarray(0, MAX_HEAD_BYTES).toString("latin1"))?.[1];
  const { text } = readText(head, `The header of ${name}`, aid, declared);
  return Buffer.concat([Buffer.from(text), rest]);
}

/** A letter that stands unencoded within an encoded word is of the encoding that the word names, not of the header's. */
function withEncodedWords(head: Buffer): Buffer {
  const words = head
    .toString("latin1")
    .replace(/=\?[^?\s]{1,60}\?q\?[^?\r\n]{1,300}\?=/gi, (word) =>
      word.replace(/[\x80-\xff]/g, (letter) => `=${letter.charCodeAt(0).toString(16).toUpperCase()}`),
    );
  return Buffer.from(words, "latin1");
}

function headOf(bytes: Uint8Array): Buffer {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const ends = ["\r\n\r\n", "\n\n", "\r\r"].map((gap) => buffer.indexOf(gap)).filter((at) => at >= 0);
  return buffer.subarray(0, Math.min(buffer.length, MAX_HEAD_BYTES, ...ends));
}

function listed(addresses: readonly Address[] | undefined): string | undefined {
  return addresses?.map(addressText).join(", ");
}

function addressText({ name, address, group }: Address): string {
  if (group) return `${name}: ${group.map(addressText).join(", ")}`;
  return name && address && name !== address ? `${name} <${address}>` : address || name || "";
}
