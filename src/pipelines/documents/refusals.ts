/** What is not read, by its media type: how people call it, and what to do instead. */
const REFUSED: Readonly<Record<string, readonly [name: string, advice: string]>> = {
  "application/msword": ["a Word 97–2003 document (.doc)", "save it as .docx or PDF"],
  "application/vnd.ms-excel": ["an Excel 97–2003 workbook (.xls)", "save it as .xlsx or CSV"],
  "application/vnd.ms-powerpoint": ["a PowerPoint 97–2003 presentation (.ppt)", "save it as .pptx or PDF"],
  "application/vnd.ms-outlook": ["an Outlook message (.msg)", "save it as .eml"],
  "application/x-cfb": ["a document of an old Office program", "save it in a newer format, or as PDF"],
  "application/zip": ["a ZIP archive", "submit the files in it"],
  "application/gzip": ["a gzip archive", "submit what is in it"],
  "application/x-tar": ["a tar archive", "submit the files in it"],
  "application/x-7z-compressed": ["a 7-Zip archive", "submit the files in it"],
  "application/x-rar-compressed": ["a RAR archive", "submit the files in it"],
  "image/heic": ["a HEIC photograph", "save it as JPEG"],
  "image/heif": ["a HEIF photograph", "save it as JPEG"],
  "image/avif": ["an AVIF image", "save it as PNG or JPEG"],
  "image/bmp": ["a bitmap (.bmp)", "save it as PNG"],
  "image/svg+xml": ["an SVG drawing", "save it as PNG or PDF"],
  "application/octet-stream": [
    "of no type that can be made out",
    "send the original file, not a piece or a copy in some other form of it",
  ],
};

/** Says of a file that no parser takes what it is and what to do. */
export function refusalOf(mediaType: string, name: string, supported: readonly string[]): string {
  const [is, advice] = REFUSED[mediaType] ?? [mediaType, "convert it to one of the formats that are read"];
  return `${name} is ${is}, which is not read; ${advice}. Read are ${supported.join(", ")}.`;
}
