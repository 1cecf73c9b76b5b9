import { compoundFile } from "./compound-writer.js";

export function record(type: number, ...content: readonly (Buffer | readonly number[])[]): Buffer {
  const bytes = Buffer.concat(content.map((one) => Buffer.from(one)));
  const head = Buffer.alloc(4);
  head.writeUInt16LE(type, 0);
  head.writeUInt16LE(bytes.length, 2);
  return Buffer.concat([head, bytes]);
}

export const END = record(0x0a);
const SHEET = 0x10;
export const CHART = 0x20;

export function begin(kind: number, version = 0x600): Buffer {
  return record(0x809, shorts(version, kind));
}

export function shorts(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 2);
  for (const [index, value] of values.entries()) bytes.writeUInt16LE(value, index * 2);
  return bytes;
}

export interface SheetParts {
  readonly name: string;
  readonly kind?: number;
  readonly records: readonly Buffer[];
  /** Whether its end is missing. */
  readonly isOpen?: boolean;
}

/** An old workbook; `isOld` one of Excel 5 and 95, whose texts are bytes of a code page. */
export function xlsFile(globals: readonly Buffer[], sheets: readonly SheetParts[], isOld = false): Buffer {
  const version = isOld ? 0x500 : 0x600;
  const bodies = sheets.map(({ kind = SHEET, records, isOpen }) =>
    Buffer.concat([begin(kind, version), ...records, ...(isOpen ? [] : [END])]),
  );
  const listed = (starts: readonly number[]): Buffer[] =>
    sheets.map(({ name, kind }, index) => {
      const place = Buffer.alloc(4);
      place.writeUInt32LE(starts[index] ?? 0);
      const length = isOld ? [name.length] : [name.length, 0];
      return record(0x85, place, [0, kind === CHART ? 2 : 0], length, Buffer.from(name, "latin1"));
    });
  const head = (starts: readonly number[]): Buffer =>
    Buffer.concat([begin(5, version), ...globals, ...listed(starts), END]);
  let at = head([]).length;
  const starts = bodies.map((body) => {
    const start = at;
    at += body.length;
    return start;
  });
  return compoundFile({ [isOld ? "Book" : "Workbook"]: Buffer.concat([head(starts), ...bodies]) });
}

export function sharedCell(row: number, column: number, text: number): Buffer {
  return record(0xfd, shorts(row, column, 0, text, 0));
}

export function numberCell(row: number, column: number, value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(value);
  return record(0x203, shorts(row, column, 0), bytes);
}
