import type { Block } from "../blocks/block.js";
import { factsOf, readText, type ParseAid, type Parsed } from "./parsed.js";

const TIMES = /^\s*(?:(\d+):)?(\d\d):(\d\d)[.,]\d{1,3}\s+-->\s+(?:(\d+):)?(\d\d):(\d\d)[.,](\d{1,3})/;

/** What is said in SubRip (srt) or WebVTT, a cue a line, without times and marks; a voice that is named stands before it. */
export async function parseSubtitles(bytes: Uint8Array, name: string, aid: ParseAid): Promise<Parsed> {
  const { text, encoding } = readText(bytes, name, aid);
  const lines = text.replace(/^\uFEFF/, "").split(/\r\n?|\n/);
  const spoken: string[] = [];
  let [cues, endSeconds] = [0, 0];
  for (let at = 0; at < lines.length; at += 1) {
    const times = TIMES.exec(lines[at]!);
    if (!times) {
      at = aside(lines, at, spoken);
      continue;
    }
    cues += 1;
    endSeconds = Math.max(endSeconds, Number(times[4] ?? 0) * 3_600 + Number(times[5]) * 60 + Number(times[6]));
    for (at += 1; at < lines.length && lines[at]!.trim() !== ""; at += 1) {
      // Some programs leave out the empty line between two cues.
      if (TIMES.test(lines[at]!)) {
        at -= 1;
        break;
      }
      const next = lines[at + 1] ?? "";
      if (/^\s*\d+\s*$/.test(lines[at]!) && TIMES.test(next)) break;
      const said = saidIn(lines[at]!);
      // Captions that roll upwards say each line twice or more.
      if (said !== "" && said !== spoken.at(-1)) spoken.push(said);
    }
  }
  const blocks: Block[] = spoken.length > 0 ? [{ kind: "lines", text: spoken.join("\n") }] : [];
  const language = /^Language:\s*([\w-]{2,20})\s*$/im.exec(lines.slice(0, 20).join("\n"))?.[1];
  return { blocks, metadata: factsOf({ encoding, cues, durationSeconds: endSeconds || undefined, language }) };
}

/**
 * What stands between cues, from this line on; the last line of it. Said is what an empty line parts from its cue, or whose times
 * are broken; heads, notes, styles and the names of cues are not.
 */
function aside(lines: readonly string[], from: number, spoken: string[]): number {
  const isHead = /^(?:WEBVTT|NOTE|STYLE|REGION)\b/.test(lines[from]!);
  let at = from;
  for (; at < lines.length && lines[at]!.trim() !== "" && !TIMES.test(lines[at]!); at += 1) {
    const isName = TIMES.test(lines[at + 1] ?? "");
    const said = isHead || isName || areTimes(lines[at]!) ? "" : saidIn(lines[at]!);
    if (/\p{L}/u.test(said) && said !== spoken.at(-1)) spoken.push(said);
  }
  return at < lines.length && TIMES.test(lines[at]!) ? at - 1 : at;
}

/** Also where a letter or two of them are wrong. */
function areTimes(line: string): boolean {
  return line.replace(/\D/g, "").length >= 10 && line.replace(/\P{L}/gu, "").length <= 2;
}

function saidIn(line: string): string {
  return line
    .replace(/<v(?:\.[^\s>]*)?\s+([^>\n]{1,100})>/g, "$1: ")
    .replace(/<[^>\n]{0,200}>|\{\\[^}\n]{1,100}\}/g, "")
    .replace(/&(amp|lt|gt|nbsp|lrm|rlm);/g, (_, entity: string) => ENTITIES[entity]!)
    .replace(/\s+/g, " ")
    .trim();
}

const ENTITIES: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", nbsp: " ", lrm: "", rlm: "" };
