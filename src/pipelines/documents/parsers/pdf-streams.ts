import { inflateSync } from "node:zlib";
import { PermanentError } from "../../../errors.js";

/** What one stream of a page may expand to. The largest drawings seen, maps of a city, have some 50 MB. */
const MAX_EXPANDED_BYTES = 100_000_000;
/** Deflate makes a thousandth of its input at best: what is shorter can't expand to too much at once. */
const MIN_DANGEROUS_BYTES = MAX_EXPANDED_BYTES / 1_032;
const STREAM = Buffer.from("stream");

/**
 * Expands what could be too large before the reader of PDFs does, which can't be interrupted and takes minutes for what
 * this finds out in a second. @throws {PermanentError} RESOURCE_LIMIT
 */
export function assertStreams(bytes: Uint8Array, name: string): void {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = buffer.indexOf(STREAM); at >= 0; at = buffer.indexOf(STREAM, at + 6)) {
    if (buffer.subarray(at - 3, at).toString("latin1") === "end") continue;
    const dictionary = headOf(buffer.subarray(Math.max(0, at - 600), at).toString("latin1"));
    const filters = /\/Filter\s*(\[[^\]]*\]|\/\w+)/.exec(dictionary)?.[1]?.match(/\/(FlateDecode|Fl)\b/g) ?? [];
    if (filters.length === 0 || /\/Subtype\s*\/Image/.test(dictionary)) continue;
    const end = buffer.indexOf("endstream", at);
    const content = buffer.subarray(startOf(buffer, at + 6), end < 0 ? buffer.length : end);
    if (filters.length === 1 && content.length < MIN_DANGEROUS_BYTES) continue;
    if (expands(content, filters.length)) {
      throw new PermanentError(
        "RESOURCE_LIMIT",
        `${name} has a page whose content expands to more than ${MAX_EXPANDED_BYTES} bytes; print it to a new PDF.`,
      );
    }
  }
}

function headOf(before: string): string {
  return before.slice(Math.max(0, before.lastIndexOf(" obj")));
}

function startOf(buffer: Buffer, at: number): number {
  if (buffer[at] === 13 && buffer[at + 1] === 10) return at + 2;
  return buffer[at] === 10 || buffer[at] === 13 ? at + 1 : at;
}

function expands(content: Buffer, times: number): boolean {
  let inner: Buffer = content;
  for (let turn = 0; turn < Math.min(times, 10); turn += 1) {
    try {
      inner = inflateSync(inner, { maxOutputLength: MAX_EXPANDED_BYTES });
    } catch (error) {
      // Broken streams are for the reader, which mends what it can.
      return (error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE";
    }
  }
  return false;
}
