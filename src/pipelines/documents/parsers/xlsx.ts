import readXlsxFile from "read-excel-file/universal";
import { PermanentError } from "../../../errors.js";
import { coreFactsOf, openArchive, type Archive } from "./archive.js";
import type { Parsed } from "./parsed.js";

/** The reader lays out every cell of the rectangle that a sheet's cells span, empty ones too. */
const MAX_CELLS = 5_000_000;

/** Sheet by sheet under its name: a line of text a row, its cells apart by tabs, dates as ISO 8601. */
export async function parseXlsx(bytes: Uint8Array, name: string): Promise<Parsed> {
  const archive = openArchive(bytes, name);
  assertArea(archive, name);
  const sheets = await readXlsxFile(new Uint8Array(bytes).buffer);
  let rows = 0;
  const texts = sheets.map(({ sheet, data }) => {
    const lines = data.map((row) => row.map(cellText).join("\t").trimEnd()).filter((line) => line !== "");
    rows += lines.length;
    return lines.length === 0 ? "" : `${sheet}\n\n${lines.join("\n")}`;
  });
  return {
    text: texts.filter((text) => text !== "").join("\n\n"),
    metadata: { sheets: sheets.length, rows, ...coreFactsOf(archive) },
  };
}

function cellText(value: unknown): string {
  if (value === null || value === undefined) return "";
  // Midnight means that the cell holds a day and no time.
  if (value instanceof Date) return value.toISOString().replace("T00:00:00.000Z", "");
  return typeof value === "object"
    ? ""
    : String(value as string | number | boolean)
        .replace(/\s+/g, " ")
        .trim();
}

/** Before the reader lays them out. @throws {PermanentError} RESOURCE_LIMIT */
function assertArea(archive: Archive, name: string): void {
  for (const sheet of archive.names.filter((entry) => /^xl\/worksheets\/[^/]+\.xml$/.test(entry))) {
    const xml = Buffer.from(archive.read(sheet) ?? []).toString("latin1");
    let [rows, columns] = [0, 0];
    for (const [, letters = "", row] of xml.matchAll(/<(?:\w+:)?c\s[^>]*?\br="([A-Z]{1,4})(\d{1,8})"/g)) {
      rows = Math.max(rows, Number(row));
      columns = Math.max(columns, columnOf(letters));
    }
    if (rows * columns > MAX_CELLS) {
      throw new PermanentError(
        "RESOURCE_LIMIT",
        `${name} has a sheet of ${rows} rows and ${columns} columns; at most ${MAX_CELLS} cells are laid out. Remove what stands far off.`,
      );
    }
  }
}

/** "A" is 1, "Z" 26, "AA" 27. */
function columnOf(letters: string): number {
  return [...letters].reduce((column, letter) => column * 26 + letter.charCodeAt(0) - 64, 0);
}
