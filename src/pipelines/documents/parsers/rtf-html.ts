import { RtfFonts } from "./rtf-fonts.js";
import { rtfTokens } from "./rtf-tokens.js";

/** Groups that hold no letter of the page. */
const LEFT_OUT: ReadonlySet<string> = new Set([
  "fonttbl",
  "colortbl",
  "stylesheet",
  "info",
  "pict",
  "listtext",
  "pntext",
]);
const LETTERS: Readonly<Record<string, string>> = {
  par: "\r\n",
  line: "\r\n",
  tab: "\t",
  lquote: "‘",
  rquote: "’",
  ldblquote: "“",
  rdblquote: "”",
  bullet: "•",
  endash: "–",
  emdash: "—",
};

/** Whether rich text was made of a page, which stands inside it. */
export function holdsHtml(source: string): boolean {
  return /\\fromhtml1\b/.test(source.slice(0, 2_000));
}

/** The page inside rich text that was made of it ([MS-OXRTFEX]): tags stand in groups of their own, letters where they belong; and code pages of letters that are not known. */
export function htmlOfRtf(source: string): { readonly html: string; readonly unknownPages: ReadonlySet<number> } {
  const fonts = new RtfFonts();
  const out: string[] = [];
  let state = {
    kind: "text" as "text" | "tag" | "fonts" | "left out",
    isRtf: false,
    stand: 1,
    font: null as number | null,
  };
  const stack: (typeof state)[] = [];
  let [isFresh, isOptional, skip, bytes] = [false, false, 0, ""];
  const flush = (): void => {
    if (bytes === "") return;
    const text = fonts.decode(bytes, state.font);
    if (state.kind === "fonts") fonts.name(text);
    else say(text);
    bytes = "";
  };
  const say = (text: string): void => {
    if (state.kind === "tag" || (state.kind === "text" && !state.isRtf)) out.push(text);
  };
  for (const token of rtfTokens(source)) {
    if (token.kind === "text" || token.kind === "byte") {
      const text = token.kind === "text" ? token.text : String.fromCharCode(token.byte);
      const skipped = Math.min(skip, text.length);
      skip -= skipped;
      bytes += text.slice(skipped);
      isFresh = false;
      continue;
    }
    flush();
    skip = 0;
    if (token.kind === "open") {
      stack.push(state);
      [isFresh, isOptional] = [true, false];
    } else if (token.kind === "close") state = stack.pop() ?? state;
    else if (token.kind === "symbol") {
      if (token.symbol === "*") isOptional = true;
      else if (token.symbol === "~") say("&nbsp;");
      else if ("\\{}".includes(token.symbol)) say(token.symbol);
    } else {
      const { word, value } = token;
      if (isFresh && state.kind !== "left out") {
        if (word === "htmltag") state = { ...state, kind: "tag" };
        else if (word === "fonttbl") state = { ...state, kind: "fonts" };
        else if (LEFT_OUT.has(word) || (isOptional && word !== "htmltag")) state = { ...state, kind: "left out" };
      }
      isFresh = false;
      if (state.kind === "fonts") fonts.word(word, value);
      else if (word === "htmlrtf") state = { ...state, isRtf: value !== 0 };
      else if (word === "ansicpg") fonts.setCodePage(value ?? 0);
      else if (word === "deff") fonts.standard = value;
      else if (word === "f") state = { ...state, font: value };
      else if (word === "uc") state = { ...state, stand: value ?? 1 };
      else if (word === "u") {
        const code = (value ?? 0) < 0 ? (value ?? 0) + 65_536 : (value ?? 0);
        if (code > 0 && code <= 0xffff) say(String.fromCharCode(code));
        skip = state.stand;
      } else if (LETTERS[word] !== undefined) say(LETTERS[word]);
    }
  }
  flush();
  return { html: out.join(""), unknownPages: fonts.unknown };
}
