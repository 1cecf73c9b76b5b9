import { HeadwayError, messageOf } from "../../../errors.js";
import { within, type Block } from "../blocks/block.js";
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
  const read = attachments.filter(({ mimeType }) => !SIGNATURE.test(mimeType));
  for (const attachment of read.slice(0, MAX_ATTACHMENTS)) {
    for (const block of await attachmentBlocks(attachment, aid)) blocks.push(block);
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

async function attachmentBlocks({ name, mimeType, bytes }: MailAttachment, aid: ParseAid): Promise<Block[]> {
  const title: Block = { kind: "heading", level: 2, text: `Attachment: ${name}`, part: name };
  try {
    const inner = await aid.parseInner(bytes, name);
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
