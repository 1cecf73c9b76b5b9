import { PermanentError } from "../../../errors.js";
import { encrypted } from "./archive.js";
import type { Compound } from "./compound.js";
import type { ParseAid } from "./parsed.js";

/** Where in its table stream a structure is: at which place, how long. */
type Place = readonly [at: number, length: number];

/** How many letters each text of a document has; they stand one behind the other. */
export interface DocTexts {
  readonly main: number;
  readonly footnotes: number;
  readonly headers: number;
  readonly macros: number;
  readonly comments: number;
  readonly endnotes: number;
  readonly boxes: number;
  /** In the boxes of headers and footers. */
  readonly headerBoxes: number;
}

/** The two streams of a Word 97–2003 document ([MS-DOC]) and where in them things are. */
export interface DocFile {
  readonly main: Buffer;
  readonly texts: DocTexts;
  /** The structure whose place the head names there; empty where it does not lie in the file. */
  readonly structure: (headOffset: number) => Buffer;
}

/** Of Word 97; what is older has another head. */
const VERSION_97 = 193;
const ENCRYPTED = 0x0100;
const SECOND_TABLE = 0x0200;

/** @throws {PermanentError} ENCRYPTED_DOCUMENT, MALFORMED_DOCUMENT, UNSUPPORTED_TYPE for Word 95 and before */
export function openDoc(compound: Compound, name: string, aid: ParseAid): DocFile {
  const main = compound.read("WordDocument");
  const kind = main && main.length > 32 ? main.readUInt16LE(0) : 0;
  if (!main || (kind !== 0xa5ec && kind !== 0xa5dc)) {
    throw new PermanentError("MALFORMED_DOCUMENT", `${name} has no document inside; send an intact copy.`);
  }
  const [version, flags] = [main.readUInt16LE(2), main.readUInt16LE(10)];
  if ((flags & ENCRYPTED) !== 0) throw encrypted(name);
  if (version < VERSION_97) {
    throw new PermanentError(
      "UNSUPPORTED_TYPE",
      `${name} is a document of Word 95 or before, which is not read; save it as .docx or PDF.`,
    );
  }
  const table = compound.read((flags & SECOND_TABLE) !== 0 ? "1Table" : "0Table");
  if (!table || main.length < 0x300) {
    throw new PermanentError("MALFORMED_DOCUMENT", `${name} lacks a part of its document; send an intact copy.`);
  }
  const placeOf = (offset: number): Place =>
    offset + 8 > main.length ? [0, 0] : [main.readUInt32LE(offset), main.readUInt32LE(offset + 4)];
  let isTold = false;
  const count = (offset: number): number => Math.max(0, main.readInt32LE(offset));
  return {
    main,
    texts: {
      main: count(0x4c),
      footnotes: count(0x50),
      headers: count(0x54),
      macros: count(0x58),
      comments: count(0x5c),
      endnotes: count(0x60),
      boxes: count(0x64),
      headerBoxes: count(0x68),
    },
    structure: (offset) => {
      const [at, length] = placeOf(offset);
      // Where it has no length, its place means nothing.
      if (length === 0) return Buffer.alloc(0);
      if (at + length <= table.length) return table.subarray(at, at + length);
      if (!isTold)
        aid.warn("PART_UNREAD", `A list of ${name} lies beyond its end; what it says is lost.`, { count: 1 });
      isTold = true;
      return Buffer.alloc(0);
    },
  };
}

/** A list of places in the text, each but the last with a record of that many bytes. */
export function plcOf(bytes: Buffer, recordBytes: number): { readonly places: number[]; readonly records: Buffer[] } {
  const count = Math.max(0, Math.floor((bytes.length - 4) / (4 + recordBytes)));
  if (bytes.length < 4) return { places: [], records: [] };
  const places = Array.from({ length: count + 1 }, (_, index) => bytes.readUInt32LE(index * 4));
  const first = (count + 1) * 4;
  const records = Array.from({ length: count }, (_, index) =>
    bytes.subarray(first + index * recordBytes, first + (index + 1) * recordBytes),
  );
  return { places, records };
}
