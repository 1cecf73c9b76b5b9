/** What becomes of the text of a group. */
export type RtfDestination =
  | "text"
  /** A text of its own: at the top or the foot of pages, under the text, in a box. */
  | "header"
  | "footer"
  | "note"
  | "comment"
  | "box"
  /** Text counts only where a group inside says so. */
  | "props"
  /** How a row of a table in a table is. */
  | "row"
  | "left out"
  | "marker"
  | "author"
  | "fonts"
  | "styles"
  | "picture"
  | "instruction"
  /** One that a list in a form offers. */
  | "entry"
  | "created"
  | "modified"
  | `fact:${string}`;

/** Letters of these are none of the document's. */
export const SILENT: readonly RtfDestination[] = ["left out", "props", "row", "created", "modified"];
/** What is gathered apart from the text around it. */
export const APART: readonly RtfDestination[] = ["header", "footer", "note", "comment", "box"];

const DESTINATIONS: Readonly<Record<string, RtfDestination>> = {
  rtf: "text",
  fldrslt: "text",
  nesttableprops: "row",
  shppict: "text",
  result: "text",
  header: "header",
  headerl: "header",
  headerr: "header",
  headerf: "header",
  footer: "footer",
  footerl: "footer",
  footerr: "footer",
  footerf: "footer",
  footnote: "note",
  annotation: "comment",
  shptxt: "box",
  dptxbxtext: "box",
  info: "props",
  shp: "props",
  shpgrp: "props",
  shpinst: "props",
  sp: "props",
  sv: "props",
  do: "props",
  object: "props",
  upr: "props",
  listtext: "marker",
  pntext: "marker",
  atnauthor: "author",
  fonttbl: "fonts",
  stylesheet: "styles",
  pict: "picture",
  fldinst: "instruction",
  formfield: "instruction",
  ffl: "entry",
  creatim: "created",
  revtim: "modified",
  title: "fact:title",
  subject: "fact:subject",
  keywords: "fact:keywords",
  doccomm: "fact:description",
};
/** Groups without a star that hold no text of the document. */
const LEFT_OUT = new Set(
  (
    "colortbl filetbl listtable listoverridetable revtbl nonshppict shprslt nonesttables objdata objclass objname bkmkstart bkmkend " +
    "xe tc rxe tcn comment operator company manager category hlinkbase buptim printim private template sn bliptag blipuid " +
    "picprop atnid atnref atnicn atndate atntime ftnsep ftnsepc ftncn aftnsep aftnsepc aftncn pntxta pntxtb formtext themedata"
  ).split(" "),
);

/** What a group that begins with this word is; null where it goes on as what is around it. */
export function destinationOf(word: string, isOptional: boolean, around: RtfDestination): RtfDestination | null {
  // The author of the document, and not what a style or a field calls so.
  if (word === "author") return around === "props" ? "fact:creator" : null;
  const found = Object.hasOwn(DESTINATIONS, word) ? DESTINATIONS[word]! : null;
  if (found?.startsWith("fact:") && around !== "props") return null;
  if (found !== null) return found;
  return isOptional || LEFT_OUT.has(word) ? "left out" : null;
}

/** Words that stand for letters. */
export const TEXT_OF_WORD: ReadonlyMap<string, string> = new Map([
  ["tab", "\t"],
  ["line", "\n"],
  ["softline", " "],
  ["lbr", "\n"],
  ["emdash", "—"],
  ["endash", "–"],
  ["emspace", " "],
  ["enspace", " "],
  ["qmspace", " "],
  ["bullet", "•"],
  ["lquote", "‘"],
  ["rquote", "’"],
  ["ldblquote", "“"],
  ["rdblquote", "”"],
  ["zwj", "\u200d"],
  ["zwnj", "\u200c"],
]);
