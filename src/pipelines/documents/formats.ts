/** The formats that this version reads, with their media types. */
export const FORMATS = {
  pdf: "application/pdf",
  docx: "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
  odt: "application/vnd.oasis.opendocument.text",
  ods: "application/vnd.oasis.opendocument.spreadsheet",
  odp: "application/vnd.oasis.opendocument.presentation",
  pptx: "application/vnd.openxmlformats-officedocument.presentationml.presentation",
  xlsx: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
  doc: "application/msword",
  xls: "application/vnd.ms-excel",
  ppt: "application/vnd.ms-powerpoint",
  rtf: "application/rtf",
  epub: "application/epub+zip",
  eml: "message/rfc822",
  mbox: "application/mbox",
  msg: "application/vnd.ms-outlook",
  tnef: "application/vnd.ms-tnef",
  p7m: "application/pkcs7-mime",
  ics: "text/calendar",
  srt: "application/x-subrip",
  vtt: "text/vtt",
  ipynb: "application/x-ipynb+json",
  html: "text/html",
  md: "text/markdown",
  txt: "text/plain",
  csv: "text/csv",
  json: "application/json",
  xml: "application/xml",
  png: "image/png",
  jpeg: "image/jpeg",
  tiff: "image/tiff",
  webp: "image/webp",
  gif: "image/gif",
  bmp: "image/bmp",
  avif: "image/avif",
  heic: "image/heic",
  wav: "audio/wav",
  mp3: "audio/mpeg",
  flac: "audio/flac",
  ogg: "audio/ogg",
  m4a: "audio/mp4",
  mp4: "video/mp4",
  mov: "video/quicktime",
  mkv: "video/matroska",
  webm: "video/webm",
} as const;
export type Format = keyof typeof FORMATS;

/** Other names for the same types, as detectors and senders use them. */
const ALIASES: Readonly<Record<string, string>> = {
  "audio/x-wav": FORMATS.wav,
  "audio/vnd.wave": FORMATS.wav,
  "audio/x-flac": FORMATS.flac,
  "audio/x-m4a": FORMATS.m4a,
  "audio/opus": FORMATS.ogg,
  "audio/ogg; codecs=opus": FORMATS.ogg,
  "audio/ogg; codecs=flac": FORMATS.ogg,
  "audio/ogg; codecs=vorbis": FORMATS.ogg,
  ...macrosAndTemplates(FORMATS.docx, ["word.document", "word.template"], ["wordprocessingml.template"]),
  ...macrosAndTemplates(FORMATS.xlsx, ["excel.sheet", "excel.template"], ["spreadsheetml.template"]),
  ...macrosAndTemplates(
    FORMATS.pptx,
    ["powerpoint.presentation", "powerpoint.template", "powerpoint.slideshow"],
    ["presentationml.template", "presentationml.slideshow"],
  ),
  "application/vnd.oasis.opendocument.text-template": FORMATS.odt,
  "application/vnd.oasis.opendocument.spreadsheet-template": FORMATS.ods,
  "application/vnd.oasis.opendocument.presentation-template": FORMATS.odp,
  "text/rtf": FORMATS.rtf,
  "application/x-rtf": FORMATS.rtf,
  "image/heif": FORMATS.heic,
  "video/x-m4v": FORMATS.mp4,
  "video/x-matroska": FORMATS.mkv,
};

/** Office documents that hold programs, or that others begin as, are read as the documents that they are. */
function macrosAndTemplates(
  mediaType: string,
  macros: readonly string[],
  others: readonly string[],
): Record<string, string> {
  return Object.fromEntries([
    ...macros.map((name) => [`application/vnd.ms-${name}.macroenabled.12`, mediaType]),
    ...others.map((name) => [`application/vnd.openxmlformats-officedocument.${name}`, mediaType]),
  ]);
}

/** The one name that this pipeline uses of a media type. */
export function canonicalType(mediaType: string): string {
  return ALIASES[mediaType.toLowerCase()] ?? mediaType;
}

/** The format of a media type; null where it is not one of ours. */
export function formatOf(mediaType: string | null): Format | null {
  const found = (Object.entries(FORMATS) as [Format, string][]).find(([, type]) => type === mediaType);
  return found?.[0] ?? null;
}

/** Whether it is a picture, sound or film: these may well hold no text. */
export function isMedia(format: Format): boolean {
  return /^(image|audio|video)\//.test(FORMATS[format]);
}

/** Whether somebody may be heard speaking. */
export function isHeard(format: Format): boolean {
  return /^(audio|video)\//.test(FORMATS[format]);
}
