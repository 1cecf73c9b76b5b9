const CHECK_BOX = 1;
const DROP_DOWN = 2;
/** The result of a field that was never touched. */
const UNTOUCHED = 25;

/**
 * What a form field of an old Word document shows, by what is kept of it among the data ([MS-DOC] FFData): a box that is
 * checked or not, or the chosen entry of a list. Null of one that shows its text in the document.
 */
export function formFieldText(data: Buffer, at: number): string | null {
  if (at + 6 > data.length) return null;
  const end = Math.min(data.length, at + data.readUInt32LE(at));
  const field = data.subarray(at + data.readUInt16LE(at + 4), end);
  if (field.length < 12 || field.readUInt32LE(0) !== 0xffffffff) return null;
  const bits = field.readUInt16LE(4);
  const [kind, result] = [bits & 3, (bits >> 2) & 0x1f];
  if (kind !== CHECK_BOX && kind !== DROP_DOWN) return null;
  // Behind the name stands what it began with.
  const preset = behindText(field, 10);
  if (preset === null || preset + 2 > field.length) return null;
  const value = result === UNTOUCHED ? field.readUInt16LE(preset) : result;
  if (kind === CHECK_BOX) return value === 1 ? "☒" : "☐";
  return entriesOf(field, preset + 2)[value] ?? null;
}

/** Format, help, status and two macros, then the entries. */
function entriesOf(field: Buffer, first: number): string[] {
  let at: number | null = first;
  for (let text = 0; text < 5 && at !== null; text += 1) at = behindText(field, at);
  if (at === null || at + 6 > field.length || field.readUInt16LE(at) !== 0xffff) return [];
  const [count, extra] = [field.readUInt16LE(at + 2), field.readUInt16LE(at + 4)];
  const entries: string[] = [];
  let place = at + 6;
  while (entries.length < count && place + 2 <= field.length) {
    const end: number = place + 2 + field.readUInt16LE(place) * 2;
    entries.push(field.toString("utf16le", place + 2, end));
    place = end + extra;
  }
  return entries;
}

/** Where a text ends that has its length before it and a zero behind it; null where it breaks off. */
function behindText(field: Buffer, at: number): number | null {
  if (at + 2 > field.length) return null;
  const end = at + 2 + field.readUInt16LE(at) * 2 + 2;
  return end <= field.length ? end : null;
}
