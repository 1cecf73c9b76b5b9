/** What a line that begins a header is like. */
const HEADER = /^[\x21-\x39\x3B-\x7E]+[ \t]*:/;
export const BOUNDARY = /\bboundary\s*=\s*(?:"([^"\r\n]{1,200})"|([^\s;"]{1,200}))/gi;
/** A mail that declares more is no mail; each is looked for once. */
export const MAX_BOUNDARIES = 200;

/** A mail with the ends of lines that mails have, where they are those of old Macintoshes or have a return too many. */
export function withLinesEnded(bytes: Uint8Array): Uint8Array {
  const mail = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
  const ended = endedLines(mail);
  return ended === mail ? bytes : Buffer.from(ended, "latin1");
}

export function endedLines(mail: string): string {
  const beforeEnd = mail.slice(0, 10_000).split("\n", 1)[0]!;
  // A single return may stand in a line by mistake.
  const isOdd = (beforeEnd.match(/\r/g)?.length ?? 0) > 1;
  return isOdd ? mail.replace(/\r+\n?/g, (ends) => (ends.endsWith("\n") ? "\r\n" : "\r\n".repeat(ends.length))) : mail;
}

const MAX_HEAD_BYTES = 200_000;

/** A mail whose header goes on in lines without the blank that says so; they would be left out. */
export function withHeadFolded(bytes: Uint8Array): Uint8Array {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const start = buffer.subarray(0, MAX_HEAD_BYTES).toString("latin1");
  const begin = start.search(/\S/);
  const end = start.slice(Math.max(0, begin)).search(/\r?\n\r?\n/);
  const head = begin < 0 || end < 0 ? "" : start.slice(begin, begin + end);
  const folded = head.replace(/\n(?![ \t\r]|[\x21-\x39\x3B-\x7E]+[ \t]*:)(?=[^\n])/g, "\n ");
  if (folded === head) return bytes;
  return Buffer.concat([Buffer.from(start.slice(0, begin) + folded, "latin1"), buffer.subarray(begin + end)]);
}

/**
 * The mail with an empty line where a part begins with its text: without a header and without the line that ends one, it
 * would be taken for a header, and lost.
 */
export function withHeadsEnded(bytes: Uint8Array): Uint8Array {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const mail = buffer.toString("latin1");
  const boundaries = new Set([...mail.matchAll(BOUNDARY)].slice(0, MAX_BOUNDARIES).map((one) => one[1] ?? one[2]!));
  if (boundaries.size === 0) return bytes;
  const places: number[] = [];
  for (const boundary of boundaries) {
    const mark = `\n--${boundary}`;
    for (let at = mail.indexOf(mark); at >= 0; at = mail.indexOf(mark, at + mark.length)) {
      const lineEnd = mail.indexOf("\n", at + mark.length);
      if (lineEnd < 0 || mail.slice(at + mark.length, lineEnd).trim() !== "") continue;
      const next = mail.slice(lineEnd + 1, lineEnd + 1_001).split("\n", 1)[0]!;
      if (next.trim() !== "" && !HEADER.test(next) && !next.startsWith("--")) places.push(lineEnd + 1);
    }
  }
  if (places.length === 0) return bytes;
  const pieces: Buffer[] = [];
  let from = 0;
  for (const place of places.sort((a, b) => a - b)) {
    pieces.push(buffer.subarray(from, place), Buffer.from("\r\n"));
    from = place;
  }
  return Buffer.concat([...pieces, buffer.subarray(from)]);
}

/**
 * The mail in which none of its parts is found, to be read another way: by the boundary that stands in it where it declares
 * another one, or else as one text. Null where it has nothing behind its header, or is not said to have parts.
 */
export function withPartsFound(bytes: Uint8Array): Uint8Array | null {
  const mail = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
  const end = /\r?\n\r?\n/.exec(mail);
  const body = end ? mail.slice(end.index + end[0].length) : "";
  const type = /^content-type:[^\n]*(?:\n[ \t][^\n]*)*/im.exec(end ? mail.slice(0, end.index) : "");
  if (!type || !end || body.trim() === "" || !/multipart\//i.test(type[0])) return null;
  const found = /^--(\S[^\r\n]{0,199})\r?\n(?:content-|\r?\n)/im.exec(body)?.[1]?.trim();
  const kind = found === undefined ? "text/plain" : `multipart/mixed; boundary="${found.replaceAll('"', "")}"`;
  const head = `${mail.slice(0, type.index)}Content-Type: ${kind}${mail.slice(type.index + type[0].length, end.index)}`;
  return Buffer.from(`${head.trimEnd()}\r\n\r\n${body}`, "latin1");
}
