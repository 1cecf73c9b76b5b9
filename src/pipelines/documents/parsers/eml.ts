import { isUtf8 } from "node:buffer";
import PostalMime, { type Address, type Attachment, type Email } from "postal-mime";
import { HeadwayError, messageOf } from "../../../errors.js";
import { within, type Block } from "../blocks/block.js";
import { htmlBlocks } from "./html.js";
import { factsOf, readText, type ParseAid, type Parsed } from "./parsed.js";
import { plainBlocks } from "./plain.js";

/** What a person would open; a mail with more is an archive. */
const MAX_ATTACHMENTS = 200;
const MAX_LISTED = 50;
const MAX_HEAD_BYTES = 200_000;
/** A plain part that has less than this share of what the HTML says only points at it. */
const SAME_CONTENT = 0.6;

/** Who wrote to whom and what of, the body, then each attachment's text under its name. */
export async function parseEml(bytes: Uint8Array, name: string, aid: ParseAid): Promise<Parsed> {
  const mail = await PostalMime.parse(withReadableHead(bytes, name, aid), {
    attachmentEncoding: "arraybuffer",
    maxNestingDepth: 100,
  });
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
  const head = known.map(([key, value]) => `${key}: ${value!.replace(/\s+/g, " ").trim()}`).join("\n");
  const blocks: Block[] = [{ kind: "lines", text: head }, ...bodyOf(mail)];
  for (const [index, attachment] of mail.attachments.slice(0, MAX_ATTACHMENTS).entries()) {
    blocks.push(...(await attachmentBlocks(attachment, attachment.filename ?? `part ${index + 1}`, aid)));
  }
  if (mail.attachments.length > MAX_ATTACHMENTS) {
    aid.warn(
      "ATTACHMENTS_LEFT_OUT",
      `${name} has ${mail.attachments.length} attachments; the text of ${MAX_ATTACHMENTS} was taken.`,
      { count: mail.attachments.length - MAX_ATTACHMENTS },
    );
  }
  const names = mail.attachments.flatMap(({ filename }) => (filename ? [filename.slice(0, 200)] : []));
  return {
    blocks,
    metadata: factsOf({
      title: mail.subject,
      creator: known.find(([key]) => key === "From")?.[1],
      created: mail.date,
      identifier: mail.messageId,
      attachments: mail.attachments.length > 0 ? names.slice(0, MAX_LISTED) : undefined,
    }),
  };
}

/**
 * The mail with its header in UTF-8, as which it is read. Some programs write it in the encoding of the body instead, which
 * they declare further down.
 */
function withReadableHead(bytes: Uint8Array, name: string, aid: ParseAid): Uint8Array {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const ends = ["\r\n\r\n", "\n\n", "\r\r"].map((gap) => buffer.indexOf(gap)).filter((at) => at >= 0);
  const end = Math.min(buffer.length, MAX_HEAD_BYTES, ...ends);
  const head = buffer.subarray(0, end);
  if (isUtf8(head)) return bytes;
  const declared = /\bcharset\s*=\s*"?([\w.:-]+)/i.exec(buffer.subarray(0, MAX_HEAD_BYTES).toString("latin1"))?.[1];
  const { text } = readText(head, `The header of ${name}`, aid, declared);
  return Buffer.concat([Buffer.from(text), buffer.subarray(end)]);
}

/** The part that holds the content: what its writer wrote as plain text, unless the HTML says much more. */
function bodyOf({ text, html }: Email): Block[] {
  const plain = text === undefined ? [] : plainBlocks(text);
  if (html === undefined || html.trim() === "") return plain;
  const rich = htmlBlocks(html).blocks;
  if (plain.length === 0) return rich;
  const [plainWords, richWords] = [wordsOf(plain), wordsOf(rich)];
  if (richWords.size === 0) return plain;
  const shared = [...richWords].filter((word) => plainWords.has(word)).length;
  return shared / richWords.size >= SAME_CONTENT ? plain : rich;
}

function wordsOf(blocks: readonly Block[]): Set<string> {
  const text = blocks.map((block) => (block.kind === "table" ? block.rows.flat().join(" ") : block.text)).join(" ");
  return new Set(text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []);
}

/** Its name, and its text where a parser takes it. What can't be read is a warning: the mail itself has been read. */
async function attachmentBlocks(attachment: Attachment, name: string, aid: ParseAid): Promise<Block[]> {
  const { content } = attachment;
  const bytes = typeof content === "string" ? Buffer.from(content) : new Uint8Array(content);
  const title: Block = { kind: "heading", level: 2, text: `Attachment: ${name}`, part: name };
  try {
    const inner = await aid.parseInner(bytes, name);
    if (inner) return [title, ...within(name, inner.blocks)];
    aid.warn("ATTACHMENT_UNREAD", `${name} (${attachment.mimeType}) is of a type that no parser takes.`, { count: 1 });
  } catch (error) {
    const code = error instanceof HeadwayError ? error.code : "MALFORMED_DOCUMENT";
    aid.warn("ATTACHMENT_UNREAD", `${name}: ${code}: ${messageOf(error)}`, { count: 1 });
  }
  return [title];
}

function listed(addresses: readonly Address[] | undefined): string | undefined {
  return addresses?.map(addressText).join(", ");
}

function addressText({ name, address, group }: Address): string {
  if (group) return `${name}: ${group.map(addressText).join(", ")}`;
  return name && address && name !== address ? `${name} <${address}>` : (address ?? name ?? "");
}
