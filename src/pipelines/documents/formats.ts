/** The formats whose text this version extracts, with their media types. */
export const FORMATS = {
  pdf: "application/pdf",
  docx: "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
  html: "text/html",
  md: "text/markdown",
  txt: "text/plain",
  csv: "text/csv",
  json: "application/json",
  xml: "application/xml",
} as const;
export type Format = keyof typeof FORMATS;

/** The format of a media type; null where it is not one of ours. */
export function formatOf(mediaType: string | null): Format | null {
  const found = (Object.entries(FORMATS) as [Format, string][]).find(([, type]) => type === mediaType);
  return found?.[0] ?? null;
}
