import type { Json } from "../../pipeline.js";
import { textInCodePage } from "./code-pages.js";
import type { Compound } from "./compound.js";
import { factsOf } from "./parsed.js";

/** Of the property set in the stream "SummaryInformation" ([MS-OLEPS]), by their numbers. */
const NAMES: Readonly<Record<number, string>> = {
  2: "title",
  3: "subject",
  4: "creator",
  5: "keywords",
  6: "description",
  12: "created",
  13: "modified",
  14: "pages",
  18: "producer",
};
const CODE_PAGE = 1;
const MAX_PROPERTIES = 200;
/** Between the first of January 1601, from which file times count in tenths of a microsecond, and that of 1970. */
const MS_TO_1970 = 11_644_473_600_000;

/** What an Office 97–2003 document says of itself. Empty where it says nothing or that is broken. */
export function summaryFactsOf(compound: Compound): Record<string, Json> {
  try {
    const bytes = compound.read("\u0005SummaryInformation");
    return bytes === null ? {} : factsOf(propertiesOf(bytes));
  } catch {
    return {}; // What a document says of itself is no reason to refuse it.
  }
}

function propertiesOf(bytes: Buffer): Record<string, unknown> {
  const section = bytes.readUInt32LE(44);
  const count = Math.min(MAX_PROPERTIES, bytes.readUInt32LE(section + 4));
  const places = Array.from({ length: count }, (_, index) => ({
    id: bytes.readUInt32LE(section + 8 + index * 8),
    at: section + bytes.readUInt32LE(section + 12 + index * 8),
  }));
  const page = places.find(({ id }) => id === CODE_PAGE);
  const codePage = page ? bytes.readUInt16LE(page.at + 4) : 1_252;
  const found: Record<string, unknown> = {};
  for (const { id, at } of places) {
    const name = NAMES[id];
    if (name !== undefined && at + 8 <= bytes.length) found[name] = valueAt(bytes, at, codePage);
  }
  if (typeof found.keywords === "string") found.keywords = found.keywords.split(/[,;]\s*/);
  return found;
}

function valueAt(bytes: Buffer, at: number, codePage: number): unknown {
  const type = bytes.readUInt16LE(at);
  if (type === 3) return bytes.readInt32LE(at + 4) || undefined;
  if (type === 30 || type === 31) {
    const length = Math.min(bytes.readUInt32LE(at + 4) * (type === 31 ? 2 : 1), 4_000);
    const raw = bytes.subarray(at + 8, at + 8 + length);
    return textInCodePage(raw, type === 31 ? 1_200 : codePage).split("\0", 1)[0];
  }
  return type === 64 ? dateOfFileTime(bytes.readBigUInt64LE(at + 4)) : undefined;
}

/** Undefined for the times that stand for none. */
export function dateOfFileTime(value: bigint): Date | undefined {
  const ms = Number(value / 10_000n) - MS_TO_1970;
  return ms > 0 && ms < 8.64e15 ? new Date(ms) : undefined;
}
