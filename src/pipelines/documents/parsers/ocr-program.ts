import {
  MIN_LINE_CONFIDENCE,
  MIN_SCRIPT_CONFIDENCE,
  MIN_TURN_CONFIDENCE,
  type OcrEngine,
  type Reading,
  type Stand,
} from "./ocr-engine.js";
import { outputOfProgram, ProgramAbsent } from "./program.js";

const PROGRAM = "tesseract";
const START_MS = 10_000;
/** Without its columns' names: level, page, block, paragraph, line, word, left, top, width, height, confidence, text. */
const WORD_LEVEL = "5";

/** The program `tesseract` with the languages that are installed beside it; null where it is not on the PATH. */
export async function ocrProgram(): Promise<OcrEngine | null> {
  const none = { bytes: Buffer.alloc(0), limitMs: START_MS };
  const listed = await outputOfProgram(PROGRAM, ["--list-langs"], none).catch((error: unknown) => {
    if (error instanceof ProgramAbsent) return "";
    throw error;
  });
  const all = listed
    .split("\n")
    .slice(1)
    .map((line) => line.trim());
  const languages = all.filter((one) => one !== "" && one !== "osd");
  if (languages.length === 0) return null;
  return {
    languages,
    read: async (bytes, wanted, limitMs) =>
      readingOf(await outputOfProgram(PROGRAM, ["stdin", "stdout", "-l", wanted.join("+"), "tsv"], { bytes, limitMs })),
    stand: async (bytes, limitMs) => {
      if (!all.includes("osd")) return null;
      // Of too few letters it complains, and ends with an error.
      const args = ["stdin", "stdout", "--psm", "0", "-l", "osd"];
      return standOf(await outputOfProgram(PROGRAM, args, { bytes, limitMs }).catch(() => ""));
    },
  };
}

function standOf(said: string): Stand | null {
  const value = (name: string): string | undefined => new RegExp(`^${name}: *(\\S+)`, "m").exec(said)?.[1];
  const script = value("Script");
  if (script === undefined) return null;
  const isSure = Number(value("Orientation confidence")) >= MIN_TURN_CONFIDENCE;
  const isScriptSure = Number(value("Script confidence")) >= MIN_SCRIPT_CONFIDENCE;
  return { script, isScriptSure, turnDegrees: isSure ? Number(value("Rotate")) : 0 };
}

interface Line {
  readonly paragraph: string;
  readonly words: string[];
  readonly confidences: number[];
}

/** Of the table that it prints a row a word. */
function readingOf(table: string): Reading {
  const lines = new Map<string, Line>();
  for (const row of table.split("\n")) {
    const cells = row.split("\t");
    const text = cells[11]?.trim() ?? "";
    if (cells[0] !== WORD_LEVEL || text === "") continue;
    const paragraph = cells.slice(1, 4).join(".");
    const key = `${paragraph}.${cells[4]}`;
    const line = lines.get(key) ?? { paragraph, words: [], confidences: [] };
    line.words.push(text);
    line.confidences.push(Number(cells[10]));
    lines.set(key, line);
  }
  const paragraphs = new Map<string, string[]>();
  for (const { paragraph, words, confidences } of lines.values()) {
    if (mean(confidences) < MIN_LINE_CONFIDENCE) continue;
    paragraphs.set(paragraph, [...(paragraphs.get(paragraph) ?? []), words.join(" ")]);
  }
  const text = [...paragraphs.values()].map((all) => all.join("\n")).join("\n\n");
  return { text, confidence: mean([...lines.values()].flatMap(({ confidences }) => confidences)) };
}

function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, one) => sum + one, 0) / values.length;
}
