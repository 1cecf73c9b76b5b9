import { createHash } from "node:crypto";
import { HeadwayError, messageOf } from "../../../errors.js";
import { within, type Block } from "../blocks/block.js";
import { formatOf } from "../formats.js";
import type { ParseAid } from "./parsed.js";

/** What a person would open; a mail with more is an archive. */
const MAX_ATTACHMENTS = 200;
/** Who wrote a mail and that nobody changed it is told by these, and nothing that a reader looks for. */
const SIGNATURE = /^application\/(x-)?(pkcs7|pgp)-signature$/i;

export interface MailAttachment {
  readonly name: string;
  readonly mimeType: string;
  readonly bytes: Uint8Array;
}

/** Each attachment's name and its text where a parser takes it. What can't be read is a warning: the mail itself has been read. */
export async function attachmentsBlocks(
  attachments: readonly MailAttachment[],
  name: string,
  aid: ParseAid,
): Promise<Block[]> {
  const blocks: Block[] = [];
  const said = new Set<string>();
  const read = attachments.filter(({ mimeType }) => !SIGNATURE.test(mimeType));
  for (const attachment of read.slice(0, MAX_ATTACHMENTS)) {
    const found = await attachmentBlocks(attachment, aid);
    // Invitations come twice, as a part of the mail and as a file; read once, the second one is named.
    const content = digestOf(found.slice(1));
    for (const block of said.has(content) ? found.slice(0, 1) : found) blocks.push(block);
    if (found.length > 1) said.add(content);
  }
  if (read.length > MAX_ATTACHMENTS) {
    aid.warn(
      "ATTACHMENTS_LEFT_OUT",
      `${name} has ${read.length} attachments; the text of ${MAX_ATTACHMENTS} was taken.`,
      { count: read.length - MAX_ATTACHMENTS },
    );
  }
  return blocks;
}

/** The same of the same content, under whatever name. */
function digestOf(blocks: readonly Block[]): string {
  const hash = createHash("sha256");
  for (const block of blocks) hash.update(JSON.stringify({ ...block, part: null }));
  return hash.digest("hex");
}

/** With what the mail says that it is, where its name does not: a piece of a page or a table is plain text by its bytes. */
function withExtension({ name, mimeType }: MailAttachment): string {
  const format = /\.[a-z0-9]{1,5}$/i.test(name) ? null : formatOf(mimeType.toLowerCase());
  return format === null ? name : `${name}.${format}`;
}

async function attachmentBlocks(attachment: MailAttachment, aid: ParseAid): Promise<Block[]> {
  const { name, mimeType, bytes } = attachment;
  const title: Block = { kind: "heading", level: 2, text: `Attachment: ${name}`, part: name };
  try {
    const inner = await aid.parseInner(bytes, withExtension(attachment));
    if (inner) return [title, ...within(name, inner.blocks)];
    aid.warn("ATTACHMENT_UNREAD", `${name} (${mimeType}) is of a type that no parser supports.`, { count: 1 });
  } catch (error) {
    aid.warn("ATTACHMENT_UNREAD", `${name}: ${reasonOf(error)}`, { count: 1 });
  }
  return [title];
}

/** Why a part of a mail was not read. */
export function reasonOf(error: unknown): string {
  return `${error instanceof HeadwayError ? error.code : "MALFORMED_DOCUMENT"}: ${messageOf(error)}`;
}
