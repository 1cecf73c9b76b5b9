import { FORMATS, type Format } from "./formats.js";
import { endedLines } from "./parsers/mail-parts.js";
import { isSeparator } from "./parsers/mbox.js";

/** Names that say what plain text holds. */
const EXTENSIONS: Readonly<Record<string, Format>> = {
  txt: "txt",
  text: "txt",
  log: "txt",
  md: "md",
  markdown: "md",
  csv: "csv",
  tsv: "csv",
  tab: "csv",
  json: "json",
  jsonl: "json",
  ndjson: "json",
  geojson: "json",
  ipynb: "ipynb",
  xml: "xml",
  html: "html",
  htm: "html",
  xhtml: "html",
  srt: "srt",
  vtt: "vtt",
  ics: "ics",
  ical: "ics",
  ifb: "ics",
  vcs: "ics",
  eml: "eml",
  mht: "eml",
  mhtml: "eml",
  mbox: "mbox",
  mbx: "mbox",
};
/** Extensions of text that no parser supports: it must not be taken for plain text. */
const OTHER_TEXT: Readonly<Record<string, string>> = { svg: "image/svg+xml" };
/** What is a mail by its content, and plain text where that is none. */
const MAILS: ReadonlySet<Format> = new Set<Format>(["eml", "mbox"]);

/** The media type of text, by its beginning and its name. */
export function textType(text: string, extension: string): string {
  // Without its beginning it is broken; what it was is told by what programs write, and by no prose.
  if (extension === "rtf" && /\\(?:pard?|fonttbl|ansi)\b/.test(text)) return FORMATS.rtf;
  const start = text.trimStart();
  if (/^BEGIN:VCALENDAR\b/i.test(start)) return FORMATS.ics;
  if (/^\uFEFF?WEBVTT(?:[ \t\n\r]|$)/.test(start)) return FORMATS.vtt;
  const named = EXTENSIONS[extension] ?? null;
  const isMail = named !== null && MAILS.has(named);
  const saysLittle = named === "txt" || (named === null && !(extension in OTHER_TEXT));
  if (isMail || saysLittle) {
    const lines = endedLines(text);
    if (isMailbox(lines, named === "mbox")) return FORMATS.mbox;
    if (looksLikeMail(lines, isMail)) return FORMATS.eml;
  }
  return OTHER_TEXT[extension] ?? FORMATS[textFormat(text, isMail ? "txt" : named)];
}

/** A line of the sender before the head, and one before a second message where the name does not say what it is. */
function isMailbox(text: string, isNamed: boolean): boolean {
  const [first = ""] = text.slice(0, 1_000).split(/\r?\n/, 1);
  if (!isSeparator(first) || !looksLikeMail(text, true)) return false;
  return (
    isNamed ||
    [...text.slice(0, 2_000_000).matchAll(/\n\r?\n(From [^\n]{1,300})/g)].some(([, line]) => isSeparator(line!))
  );
}

const MIN_FIELDS = 4;
const MAX_STRANGE = 0.2;

/** Header lines before the first empty one; where the name does not say so, those that only mails have. */
function looksLikeMail(text: string, isNamed: boolean): boolean {
  const head = text
    .trimStart()
    .slice(0, 20_000)
    .split(/\r?\n\r?\n/, 1)[0]!;
  const lines = head.split(/\r?\n/);
  const strange = lines.filter(
    (line, index) => !/^[!-9;-~]+:/.test(line) && !(index > 0 ? /^[ \t]/.test(line) : line.startsWith("From ")),
  ).length;
  // Some programs break a long subject without the blank that says that it goes on.
  const fields = head.match(/^(?:from|to|subject|date|message-id|received|mime-version|content-type):/gim)?.length ?? 0;
  const isHead = strange === 0 || (fields >= MIN_FIELDS && strange <= lines.length * MAX_STRANGE);
  if (isNamed) return isHead;
  // Notes begin with "From:" and "Date:" as well; what programs add, people don't write.
  return isHead && /^(from|sender):/im.test(head) && /^(message-id|received|mime-version):/im.test(head);
}

function textFormat(text: string, named: Format | null): Format {
  const start = text.trimStart().slice(0, 1_000);
  const isHtml = /^(<!--[\s\S]*?-->\s*)?<(!doctype\s+html|html|head|body)\b/i.test(start);
  if (isHtml || (named !== "xml" && /^<\?xml[^>]*>\s*(<!doctype\s+html|<html)/i.test(start))) return "html";
  if (/^<\?xml\b/.test(start) && named !== "html") return "xml";
  if (named !== null) return named;
  if (/^[[{]/.test(start) && isJson(text)) return "json";
  return "txt";
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
