/** What is not read, by its media type: how people call it, and what to do instead. */
const REFUSED: Readonly<Record<string, readonly [name: string, advice: string]>> = {
  "application/x-cfb": ["a document of an old Office program", "save it in a newer format, or as PDF"],
  "application/vnd.ms-powerpoint.95": ["a presentation of PowerPoint 95", "save it as .pptx or PDF"],
  "application/vnd.ms-excel.sheet.binary.macroenabled.12": [
    "a binary Excel workbook (.xlsb)",
    "save it as .xlsx or CSV",
  ],
  "application/vnd.visio": ["a Visio drawing (.vsd, .vsdx)", "save it as PDF"],
  "application/x-mspublisher": ["a Publisher publication (.pub)", "save it as PDF"],
  "application/vnd.ms-project": ["a Project plan (.mpp)", "save it as .xlsx or PDF"],
  "application/vnd.ms-works": ["a Works document (.wps)", "save it as .docx or PDF"],
  "application/x-hwp": ["a Hangul document (.hwp)", "save it as .docx or PDF"],
  "application/vnd.stardivision": ["a StarOffice document", "save it as an OpenDocument file or PDF"],
  "application/x-thumbs-db": ["Windows' store of small pictures (Thumbs.db)", "leave it out"],
  "application/vnd.ms-xpsdocument": ["an XPS document", "save it as PDF"],
  "application/vnd.apple.iwork": ["a Pages, Numbers or Keynote document", "export it as .docx, .xlsx, .pptx or PDF"],
  "application/vnd.google-earth.kmz": ["a map of places (.kmz)", "submit the .kml in it as .xml"],
  "application/zip": ["a ZIP archive", "submit the files in it"],
  "application/gzip": ["a gzip archive", "submit what is in it"],
  "application/x-tar": ["a tar archive", "submit the files in it"],
  "application/x-7z-compressed": ["a 7-Zip archive", "submit the files in it"],
  "application/x-rar-compressed": ["a RAR archive", "submit the files in it"],
  "image/heic-sequence": ["a moving picture (HEIF sequence)", "save a picture of it as JPEG"],
  "image/heif-sequence": ["a moving picture (HEIF sequence)", "save a picture of it as JPEG"],
  "image/svg+xml": ["an SVG drawing", "save it as PNG or PDF"],
};

/** Says of a file that no parser supports what it is and what to do. */
export function refusalOf(mediaType: string, name: string, supported: readonly string[]): string {
  const all = `Supported are ${supported.join(", ")}.`;
  if (mediaType === "application/octet-stream") {
    return `The type of ${name} cannot be determined; send the original file, and not a piece or an encoded copy of it. ${all}`;
  }
  const [is, advice] = REFUSED[mediaType] ?? [mediaType, "convert it to one of the formats that are read"];
  return `${name} is ${is}, which is not supported; ${advice}. ${all}`;
}
