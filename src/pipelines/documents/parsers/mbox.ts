import { PermanentError } from "../../../errors.js";
import { within, type Block } from "../blocks/block.js";
import { reasonOf } from "./attachments.js";
import { withLinesEnded } from "./mail-parts.js";
import type { ParseAid, Parsed } from "./parsed.js";

/** More is an archive of years, to be sent in pieces. */
const MAX_MESSAGES = 5_000;
const FROM = Buffer.from("\nFrom ");

/** The messages of a mailbox file, each under its number with its parts and attachments. One that can't be read is a warning. */
export async function parseMbox(bytes: Uint8Array, name: string, aid: ParseAid): Promise<Parsed> {
  const ended = withLinesEnded(bytes);
  const messages = messagesOf(Buffer.from(ended.buffer, ended.byteOffset, ended.byteLength));
  if (messages.length > MAX_MESSAGES) {
    throw new PermanentError(
      "RESOURCE_LIMIT",
      `${name} has ${messages.length} messages; the limit is ${MAX_MESSAGES}. Split it.`,
    );
  }
  const blocks: Block[] = [];
  for (const [index, message] of messages.entries()) {
    const part = `message ${index + 1}`;
    try {
      const inner = await aid.parseInner(message, `${part}.eml`);
      for (const block of within(part, inner?.blocks ?? [])) blocks.push(block);
      if (!inner) aid.warn("MESSAGE_UNREAD", `${part} of ${name} is no mail.`, { count: 1 });
    } catch (error) {
      aid.warn("MESSAGE_UNREAD", `${part} of ${name}: ${reasonOf(error)}`, { count: 1 });
    }
    aid.progress((index + 1) / messages.length, `${part} of ${messages.length}`);
  }
  return { blocks, metadata: { messages: messages.length } };
}

/** A line that begins with "From " and stands after an empty one begins a message; one in a body has a ">" before it. */
function messagesOf(bytes: Buffer): Uint8Array[] {
  const starts: number[] = [];
  if (bytes.subarray(0, 5).toString("latin1") === "From ") starts.push(0);
  for (let at = bytes.indexOf(FROM); at >= 0; at = bytes.indexOf(FROM, at + 1)) {
    const before = bytes.subarray(Math.max(0, at - 2), at).toString("latin1");
    const [line, next] = bytes
      .subarray(at + 1, at + 600)
      .toString("latin1")
      .split(/\r?\n/, 2);
    if (/\n\r?$/.test(before) && isSeparator(line!) && HEADER.test(next ?? "")) starts.push(at + 1);
  }
  return starts.map((start, index) => {
    const message = bytes.subarray(start, starts[index + 1] ?? bytes.length);
    const text = message.subarray(message.indexOf("\n") + 1).toString("latin1");
    return Buffer.from(text.replace(/^>(>*From )/gm, "$1"), "latin1");
  });
}

/** What stands below the line that begins a message: a field of its header, whose name has no blanks. */
const HEADER = /^[!-9;-~]+:|^>From /;

/** A sender, then the day of the week or the time of a date; prose that begins so names neither. */
export function isSeparator(line: string): boolean {
  return /^From .*\b(19|20)\d\d\b/.test(line) && /\b(Mon|Tue|Wed|Thu|Fri|Sat|Sun)\b|\d:\d\d/.test(line);
}
