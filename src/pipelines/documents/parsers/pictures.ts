import type { Block } from "../blocks/block.js";
import type { Archive } from "./archive.js";
import { OcrDoubts } from "./ocr-doubts.js";
import type { Recognised } from "./ocr.js";
import { counted } from "../../../counted.js";
import type { ParseAid } from "./parsed.js";

const PICTURE = /\.(png|jpe?g|tiff?|webp|gif|bmp|avif|hei[cf])$/i;
const HEIC = /\.hei[cf]$/i;
/** Drawings of Windows and of old Macintoshes, which nothing here opens. */
const DRAWING = /\.(emf|wmf|pict|pct)$/i;
/** Smaller ones are logos, bullets and lines. */
const MIN_BYTES = 4_000;
/** Each takes a second or more; a report of photographs has hundreds. */
const MAX_READ = 20;
const MAX_MS = 45_000;

/** A picture inside a document, to be opened when its turn comes. */
export interface InnerPicture {
  readonly name: string;
  /** Of a kind that nothing here opens, such as EMF. */
  readonly isDrawing?: boolean;
  /** Null where it can't be had. */
  read(): Uint8Array | null;
}

/** The text in the pictures of a container, each as a note; what was not looked at is a warning. */
export async function readPictures(archive: Archive, folder: string, name: string, aid: ParseAid): Promise<Block[]> {
  const entries = archive.names.filter(
    (entry) => entry.startsWith(folder) && (PICTURE.test(entry) || DRAWING.test(entry)),
  );
  return picturesRead(
    entries.map((entry) => ({ name: entry, isDrawing: DRAWING.test(entry), read: () => archive.read(entry) })),
    name,
    aid,
  );
}

/** The text in pictures, each as a note; what was not looked at is a warning. */
export async function picturesRead(pictures: Iterable<InnerPicture>, name: string, aid: ParseAid): Promise<Block[]> {
  const blocks: Block[] = [];
  const doubts = new OcrDoubts();
  const startedAt = performance.now();
  let unread = 0;
  let drawings = 0;
  let read = 0;
  for (const picture of pictures) {
    const bytes = picture.read();
    if (!bytes || bytes.length < MIN_BYTES) continue;
    if (picture.isDrawing) {
      drawings += 1;
      continue;
    }
    if (!aid.ocr || read >= MAX_READ || performance.now() - startedAt > MAX_MS) {
      unread += 1;
      continue;
    }
    read += 1;
    const found = await lettersOf(bytes, picture.name, aid);
    const text = found?.text ?? "";
    if (found) doubts.note(found, read);
    if (text !== "") blocks.push({ kind: "note", text: `Text in a picture: ${text}` });
  }
  doubts.tell(`the pictures in ${name}`, aid, false);
  if (unread > 0) {
    aid.warn(
      "PICTURES_UNREAD",
      `${unread} pictures in ${name} were not searched for text${aid.ocr ? "" : ": the option ocr is off"}.`,
      { count: unread },
    );
  }
  if (drawings > 0) {
    aid.warn(
      "PICTURES_UNREAD",
      `${drawings} drawings in ${name} are of a kind that is not read (EMF, WMF and the like).`,
      {
        count: drawings,
      },
    );
  }
  return blocks;
}

async function lettersOf(bytes: Uint8Array, entry: string, aid: ParseAid): Promise<Recognised | null> {
  const { readLetters } = await import("./image.js");
  try {
    if (!HEIC.test(entry)) return await readLetters(bytes, entry);
    const { picturesOfHeic } = await import("./heic.js");
    return await readLetters((await picturesOfHeic(bytes, entry)).pictures[0]!, entry, true);
  } catch {
    aid.warn("PICTURES_UNREAD", `The picture ${entry} could not be opened.`, { count: 1 });
    return null;
  }
}

/** Files that are kept inside a document are named, not read. */
export function warnOfEmbedded(archive: Archive, folder: string, name: string, aid: ParseAid): void {
  // The workbook behind a chart says what the chart says.
  const hasCharts = archive.names.some((entry) => entry.includes("/charts/"));
  const embedded = archive.names.filter(
    (entry) => entry.startsWith(folder) && !entry.endsWith("/") && !(hasCharts && /\.xls[xbm]?$/i.test(entry)),
  );
  if (embedded.length === 0) return;
  const listed = embedded.slice(0, 10).map((entry) => entry.slice(folder.length));
  aid.warn(
    "EMBEDDED_FILES_UNREAD",
    `${name} holds ${counted(embedded.length, "file")} that could not be read: ${listed.join(", ")}.`,
    {
      count: embedded.length,
    },
  );
}
