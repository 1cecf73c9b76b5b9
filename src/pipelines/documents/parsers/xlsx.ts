import { PermanentError } from "../../../errors.js";
import type { Block, BlockPlace } from "../blocks/block.js";
import { coreFactsOf, openArchive, type Archive } from "./archive.js";
import { drawnText, graphicBlocks } from "./drawing.js";
import { find, readXml, textOf } from "./office-xml.js";
import type { ParseAid, Parsed } from "./parsed.js";
import { readPictures, warnOfEmbedded } from "./pictures.js";
import { mainPartOf, relationsOf, relationsOfType } from "./relations.js";
import { marginBlocks } from "./sheet-margins.js";
import { shownRows, warnOfFormulas, warnOfSheets, type SheetReader } from "./sheet-rows.js";
import { CellFormats, patternsOf } from "./xlsx-format.js";
import { regionsOf, rowsIn } from "./xlsx-regions.js";
import { readSharedStrings, readSheet } from "./xlsx-sheet.js";

/** Sheet by sheet under its name: tables as empty rows part them, then comments, text boxes and charts. */
export async function parseXlsx(bytes: Uint8Array, name: string, aid: ParseAid): Promise<Parsed> {
  const archive = openArchive(bytes, name);
  const workbookPart = mainPartOf(archive, "xl/workbook.xml");
  const workbookXml = archive.read(workbookPart);
  if (!workbookXml) {
    throw new PermanentError("MALFORMED_DOCUMENT", `${name} has no workbook inside; send an intact copy.`);
  }
  const workbook = readXml(workbookXml, workbookPart);
  const targets = relationsOf(archive, workbookPart);
  const partOf = (type: string): Uint8Array | null => {
    const part = relationsOfType(archive, workbookPart, type)[0]?.target;
    return part === undefined ? null : archive.read(part);
  };
  const strings = partOf("sharedStrings");
  const styles = partOf("styles");
  const is1904 = /^(1|true|on)$/.test(find(workbook, "workbookPr")[0]?.attributes.date1904 ?? "");
  const reader: WorkbookReader = {
    archive,
    name,
    shared: strings ? readSharedStrings(strings) : [],
    formats: new CellFormats(patternsOf(styles ? readXml(styles, "styles.xml") : null), is1904),
    cells: 0,
    merged: 0,
    lookedAt: 0,
    characters: 0,
    uncomputed: 0,
    margins: new Set(),
  };
  const sheets = find(workbook, "sheet").map(({ attributes }) => ({
    title: attributes.name ?? "",
    isHidden: (attributes.state ?? "visible") !== "visible",
    relation: attributes["r:id"] ?? "",
    part: targets.get(attributes["r:id"] ?? "")?.target,
  }));
  const blocks: Block[] = [];
  let rows = 0;
  for (const { title, isHidden, relation, part } of sheets) {
    const place: BlockPlace = { part: title };
    const found = part === undefined ? null : sheetBlocks(reader, part, place);
    // Modules of macros are listed among the sheets, and have no part.
    if (found === null && relation === "") continue;
    if (found === null) {
      aid.warn("PART_UNREAD", `The sheet "${title}" of ${name} is listed, and its part is not there.`, { count: 1 });
      continue;
    }
    rows += found.reduce((sum, block) => sum + rowsIn(block), 0);
    if (found.length === 0) continue;
    blocks.push({ kind: "heading", level: 2, text: isHidden ? `${title} (hidden sheet)` : title, ...place }, ...found);
  }
  warnOfSheets(reader, aid);
  warnOfFormulas(reader.uncomputed, name, aid);
  blocks.push(...(await readPictures(archive, "xl/media/", name, aid)));
  warnOfEmbedded(archive, "xl/embeddings/", name, aid);
  return { blocks, metadata: { sheets: sheets.length, rows, ...coreFactsOf(archive) } };
}

interface WorkbookReader extends SheetReader {
  readonly archive: Archive;
  readonly margins: Set<string>;
  uncomputed: number;
}

/** Null where the part is not there. */
function sheetBlocks(reader: WorkbookReader, part: string, place: BlockPlace): Block[] | null {
  const { archive, name } = reader;
  const bytes = archive.read(part);
  if (bytes === null) return null;
  const raw = readSheet(bytes, name);
  reader.uncomputed += raw.uncomputed;
  const rows = shownRows(reader, raw);
  return [
    ...regionsOf(rows, reader, place),
    ...commentsOf(archive, part, place),
    ...drawingsOf(archive, part, place),
    ...marginBlocks(raw.margins, reader.margins, place),
  ];
}

function commentsOf(archive: Archive, part: string, place: BlockPlace): Block[] {
  const parts = ["comments", "threadedComment"].flatMap((type) => relationsOfType(archive, part, type));
  return parts.flatMap(({ target }) => {
    const xml = archive.read(target);
    if (!xml) return [];
    const root = readXml(xml, target);
    return [...find(root, "comment"), ...find(root, "threadedComment")].flatMap((comment): Block[] => {
      const text = [...find(comment, "t"), ...(comment.name === "threadedComment" ? find(comment, "text") : [])]
        .map(textOf)
        .join("")
        .trim();
      // The old form of a threaded comment tells programs that they are old.
      if (text === "" || text.startsWith("[Threaded comment]")) return [];
      return [{ kind: "note", text: `Comment on ${comment.attributes.ref ?? "a cell"}: ${text}`, ...place }];
    });
  });
}

function drawingsOf(archive: Archive, part: string, place: BlockPlace): Block[] {
  return relationsOfType(archive, part, "drawing").flatMap(({ target }) => {
    const xml = archive.read(target);
    if (!xml) return [];
    const root = readXml(xml, target);
    const boxes = find(root, "xdr:txBody").map((body) => find(body, "a:p").map(drawnText).join("\n").trim());
    const texts = boxes.filter((text) => text !== "").map((text): Block => ({ kind: "paragraph", text, ...place }));
    return [...texts, ...graphicBlocks(archive, target, root, place)];
  });
}
