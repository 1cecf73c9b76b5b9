/** A record of a PowerPoint 97–2003 stream ([MS-PPT]); one that holds others has them in its content. */
export interface PptRecord {
  readonly type: number;
  readonly instance: number;
  readonly holdsRecords: boolean;
  readonly content: Buffer;
  /** Whether the bytes end before it does. */
  readonly isCut: boolean;
}

/** Deeper than anything that PowerPoint writes. */
const MAX_DEPTH = 40;

/** The record that begins there; null where none does. Content ends where the bytes do. */
export function recordAt(bytes: Buffer, at: number): PptRecord | null {
  if (at < 0 || at + 8 > bytes.length) return null;
  const head = bytes.readUInt16LE(at);
  const length = bytes.readUInt32LE(at + 4);
  return {
    type: bytes.readUInt16LE(at + 2),
    instance: head >> 4,
    holdsRecords: (head & 0xf) === 0xf,
    content: bytes.subarray(at + 8, at + 8 + length),
    isCut: at + 8 + length > bytes.length,
  };
}

/** The records in the content of another, one after the other. */
export function* recordsIn(content: Buffer): Generator<PptRecord> {
  for (let at = 0; at + 8 <= content.length;) {
    const record = recordAt(content, at)!;
    yield record;
    at += 8 + content.readUInt32LE(at + 4);
  }
}

/** Every record of these types below, in their order; none inside another one of them. */
export function findRecords(content: Buffer, types: readonly number[], depth = 0): PptRecord[] {
  const found: PptRecord[] = [];
  for (const record of recordsIn(content)) {
    if (types.includes(record.type)) found.push(record);
    // Tags are records within what claims to be bytes.
    else if ((record.holdsRecords || record.type === 0x138b) && depth < MAX_DEPTH) {
      for (const inner of findRecords(record.content, types, depth + 1)) found.push(inner);
    }
  }
  return found;
}
