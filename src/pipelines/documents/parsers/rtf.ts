import { PermanentError } from "../../../errors.js";
import type { Block } from "../blocks/block.js";
import { warnOfPage } from "./code-pages.js";
import { MAX_NESTING, warnOfBlanks, type ParseAid, type Parsed } from "./parsed.js";
import { picturesRead } from "./pictures.js";
import { counted } from "../../../counted.js";
import { RtfReader, type RtfContent } from "./rtf-reader.js";

/** Headers once, the body, notes and comments under what they are, footers once, then the text in pictures. */
export async function parseRtf(bytes: Uint8Array, name: string, aid: ParseAid): Promise<Parsed> {
  const source = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
  if (!/^[\s\0]{0,100}\{\\rtf/.test(source.slice(0, 200))) {
    throw new PermanentError("MALFORMED_DOCUMENT", `${name} does not begin as rich text does; send an intact copy.`);
  }
  const found = new RtfReader(MAX_NESTING).read(source);
  const { headers, body, notes, footers, facts, pictures, embedded } = found;
  warnOfRtf(found, name, aid);
  // What is packed in as bytes may hold anything.
  if (!/\\bin\d/.test(source)) warnOfBlanks(source, name, aid);
  const blocks: Block[] = [
    ...headers,
    ...body,
    ...notes,
    ...footers,
    ...(await picturesRead(
      pictures.map((hex, index) => ({ name: `picture ${index + 1}`, read: () => hex })),
      name,
      aid,
    )),
  ];
  if (embedded > 0) {
    aid.warn("EMBEDDED_FILES_UNREAD", `${name} holds ${counted(embedded, "embedded object")} that could not be read.`, {
      count: embedded,
    });
  }
  return { blocks, metadata: facts };
}

/** What of rich text is lost or doubtful. */
export function warnOfRtf(
  { isCut, unknownPages, leftOut }: RtfContent,
  name: string,
  aid: Pick<ParseAid, "warn">,
): void {
  if (isCut) aid.warn("PART_UNREAD", `${name} breaks off within a group; what follows is lost.`, { count: 1 });
  for (const codePage of unknownPages) warnOfPage(codePage, name, aid);
  if (leftOut > 0) {
    aid.warn("PICTURES_UNREAD", `${leftOut} pictures in ${name} are too large to be looked at.`, { count: leftOut });
  }
}
