/** A file as mails held them before there was MIME. */
export interface EncodedFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

const BEGIN = /^begin [0-7]{3,4} (\S.*?)\s*$/;
const END = /^end\s*$/;

/** The text without the files that it holds by uuencode, and those files. What only looks like one stays in the text. */
export function withoutEncodedFiles(text: string): { readonly text: string; readonly files: readonly EncodedFile[] } {
  if (!/^begin [0-7]/m.test(text)) return { text, files: [] };
  const lines = text.split(/\r?\n/);
  const kept: string[] = [];
  const files: EncodedFile[] = [];
  for (let at = 0; at < lines.length; at += 1) {
    const name = BEGIN.exec(lines[at]!)?.[1];
    const found = name === undefined ? null : fileFrom(lines, at + 1);
    if (found === null) kept.push(lines[at]!);
    else {
      files.push({ name: name!, bytes: found.bytes });
      at = found.end;
    }
  }
  return { text: kept.join("\n"), files };
}

/** The bytes of the lines from there to the one that says "end"; null where one of them is none of such a file. */
function fileFrom(
  lines: readonly string[],
  first: number,
): { readonly bytes: Uint8Array; readonly end: number } | null {
  const pieces: Buffer[] = [];
  for (let at = first; at < lines.length; at += 1) {
    if (END.test(lines[at]!)) return { bytes: Buffer.concat(pieces), end: at };
    const piece = bytesOf(lines[at]!);
    if (piece === null) return null;
    pieces.push(piece);
  }
  return null;
}

/** The first character tells how many bytes there are, the others hold six bits each. Blanks at the end may have been cut. */
function bytesOf(line: string): Buffer | null {
  if (/[^ -`]/.test(line)) return null;
  const bits = (at: number): number => ((line.charCodeAt(at) || 32) - 32) & 63;
  const size = bits(0);
  if (line.length > 2 + Math.ceil(size / 3) * 4) return null;
  const bytes = Buffer.alloc(Math.ceil(size / 3) * 3);
  for (let group = 0; group * 3 < size; group += 1) {
    const at = 1 + group * 4;
    const value = (bits(at) << 18) | (bits(at + 1) << 12) | (bits(at + 2) << 6) | bits(at + 3);
    bytes.writeUIntBE(value, group * 3, 3);
  }
  return bytes.subarray(0, size);
}
