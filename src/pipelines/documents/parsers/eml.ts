import { isAscii, isUtf8 } from "node:buffer";
import PostalMime, { type Address, type Email } from "postal-mime";
import type { Block } from "../blocks/block.js";
import { attachmentsBlocks } from "./attachments.js";
import { mailBody } from "./mail-body.js";
import { recoded } from "./mail-charsets.js";
import { withHeadsEnded, withPartsFound } from "./mail-parts.js";
import { factsOf, readText, type ParseAid, type Parsed } from "./parsed.js";

const MAX_LISTED = 50;
const MAX_HEAD_BYTES = 200_000;

/** Who wrote to whom and what of, the body, then each attachment's text under its name. */
export async function parseEml(bytes: Uint8Array, name: string, aid: ParseAid): Promise<Parsed> {
  const mail = await parsedMail(withHeadsEnded(withReadableHead(bytes, name, aid)));
  const right = recoded(bytes, name, aid);
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
  const blocks: Block[] = [
    { kind: "lines", text: head },
    ...mailBody(mail.text && right(mail.text), mail.html && right(mail.html)),
  ];
  const attachments = mail.attachments.map(({ filename, mimeType, content }, index) => ({
    name: filename ?? `part ${index + 1}`,
    mimeType,
    bytes: typeof content === "string" ? Buffer.from(content) : new Uint8Array(content),
  }));
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

async function parsedMail(bytes: Uint8Array): Promise<Email> {
  const parse = (from: Uint8Array) =>
    PostalMime.parse(from, { attachmentEncoding: "arraybuffer", maxNestingDepth: 100 });
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
  const head = headOf(bytes);
  if (isUtf8(head)) return bytes;
  const declared = /\bcharset\s*=\s*"?([\w.:-]+)/i.exec(buffer.subarray(0, MAX_HEAD_BYTES).toString("latin1"))?.[1];
  const { text } = readText(head, `The header of ${name}`, aid, declared);
  return Buffer.concat([Buffer.from(text), buffer.subarray(head.length)]);
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
  return name && address && name !== address ? `${name} <${address}>` : (address ?? name ?? "");
}
