import { PermanentError, messageOf } from "../../errors.js";
import { detect } from "./detect.js";
import { FORMATS, formatOf, type Format } from "./formats.js";
import type { ParseAid, Parsed, Parser } from "./parsers/parsed.js";

/** Loaded when a document of the format comes: together they take seconds and a hundred megabytes. */
const PARSERS: Readonly<Record<Format, () => Promise<Parser>>> = {
  pdf: async () => (await import("./parsers/pdf.js")).parsePdf,
  docx: async () => (await import("./parsers/docx.js")).parseDocx,
  odt: async () => (await import("./parsers/odt.js")).parseOdt,
  ods: async () => (await import("./parsers/ods.js")).parseOds,
  odp: async () => (await import("./parsers/odp.js")).parseOdp,
  pptx: async () => (await import("./parsers/pptx.js")).parsePptx,
  xlsx: async () => (await import("./parsers/xlsx.js")).parseXlsx,
  doc: async () => (await import("./parsers/doc.js")).parseDoc,
  xls: async () => (await import("./parsers/xls.js")).parseXls,
  ppt: async () => (await import("./parsers/ppt.js")).parsePpt,
  rtf: async () => (await import("./parsers/rtf.js")).parseRtf,
  epub: async () => (await import("./parsers/epub.js")).parseEpub,
  eml: async () => (await import("./parsers/eml.js")).parseEml,
  mbox: async () => (await import("./parsers/mbox.js")).parseMbox,
  msg: async () => (await import("./parsers/msg.js")).parseMsg,
  tnef: async () => (await import("./parsers/tnef.js")).parseTnef,
  p7m: async () => (await import("./parsers/signed.js")).parseSigned,
  ics: async () => (await import("./parsers/calendar.js")).parseCalendar,
  srt: async () => (await import("./parsers/subtitles.js")).parseSubtitles,
  vtt: async () => (await import("./parsers/subtitles.js")).parseSubtitles,
  ipynb: async () => (await import("./parsers/notebook.js")).parseNotebook,
  html: async () => (await import("./parsers/html.js")).parseHtml,
  md: async () => (await import("./parsers/markdown.js")).parseMarkdown,
  txt: async () => (await import("./parsers/plain.js")).parsePlain,
  csv: async () => (await import("./parsers/csv.js")).parseCsv,
  json: async () => (await import("./parsers/json.js")).parseJson,
  xml: async () => (await import("./parsers/xml.js")).parseXml,
  png: async () => (await import("./parsers/image.js")).parseImage,
  jpeg: async () => (await import("./parsers/image.js")).parseImage,
  tiff: async () => (await import("./parsers/image.js")).parseImage,
  webp: async () => (await import("./parsers/image.js")).parseImage,
  gif: async () => (await import("./parsers/image.js")).parseImage,
  avif: async () => (await import("./parsers/image.js")).parseImage,
  heic: async () => (await import("./parsers/heic.js")).parseHeic,
  bmp: async () => (await import("./parsers/bitmap.js")).parseBitmap,
  wav: async () => (await import("./parsers/audio.js")).parseAudio,
  mp3: async () => (await import("./parsers/audio.js")).parseAudio,
  flac: async () => (await import("./parsers/audio.js")).parseAudio,
  ogg: async () => (await import("./parsers/audio.js")).parseAudio,
  m4a: async () => (await import("./parsers/audio.js")).parseAudio,
  mp4: async () => (await import("./parsers/video.js")).parseVideo,
  mov: async () => (await import("./parsers/video.js")).parseVideo,
  mkv: async () => (await import("./parsers/video.js")).parseVideo,
  webm: async () => (await import("./parsers/video.js")).parseVideo,
};

/** A mail in a mail in a mail; deeper is an attack or a mistake. */
const MAX_INNER_DEPTH = 5;
/**
 * The blocks of a document, by the parser of its media type. What it holds inside, such as attachments, is read as well.
 * @throws {PermanentError} UNSUPPORTED_TYPE, ENCRYPTED_DOCUMENT, MALFORMED_DOCUMENT, RESOURCE_LIMIT
 */
export async function parseDocument(
  bytes: Uint8Array,
  name: string,
  aid: Omit<ParseAid, "parseInner">,
  depth = 0,
): Promise<Parsed> {
  const format = formatOf(aid.mediaType);
  if (format === null)
    throw new PermanentError("UNSUPPORTED_TYPE", `${name} is ${aid.mediaType}, which no parser supports.`);
  const parser = await PARSERS[format]();
  const parseInner: ParseAid["parseInner"] = async (inner, innerName) => {
    if (depth >= MAX_INNER_DEPTH) {
      throw new PermanentError("RESOURCE_LIMIT", `${innerName} is nested more than ${MAX_INNER_DEPTH} documents deep.`);
    }
    if (inner.length === 0) return { blocks: [], metadata: {} };
    const innerFormat = formatOf(await detect(inner, innerName));
    if (innerFormat === null) return null;
    // What is inside a document says nothing of how far the whole is.
    const innerAid = { ...aid, mediaType: FORMATS[innerFormat], progress: () => undefined, keptPages: undefined };
    return parseDocument(inner, innerName, innerAid, depth + 1);
  };
  try {
    return await parser(bytes, name, { ...aid, parseInner });
  } catch (error) {
    // What a parser throws that is no verdict of ours means that it could not make sense of the bytes.
    if (error instanceof PermanentError) throw error;
    throw new PermanentError(
      "MALFORMED_DOCUMENT",
      `${name} is broken (${messageOf(error).slice(0, 300)}); send an intact copy.`,
    );
  }
}
