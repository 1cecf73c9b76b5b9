import readXlsxFile from "read-excel-file/universal";
import { coreFactsOf, openArchive } from "./archive.js";
import type { Parsed } from "./parsed.js";

/** Sheet by sheet under its name: a line of text a row, its cells apart by tabs, dates as ISO 8601. */
export async function parseXlsx(bytes: Uint8Array, name: string): Promise<Parsed> {
  const archive = openArchive(bytes, name);
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
