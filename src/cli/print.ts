import Table from "cli-table3";
import pc from "picocolors";

/** Colours on a terminal that shows them, unless NO_COLOR is set; plain text elsewhere, whatever else is set. */
export const colors = pc.createColors(pc.isColorSupported && process.stdout.isTTY === true);

export function say(text = ""): void {
  process.stdout.write(`${text}\n`);
}

/** One document, for machines. */
export function sayJson(value: unknown): void {
  say(JSON.stringify(value, null, 2));
}

/** One line of a stream, for machines. */
export function sayJsonLine(value: unknown): void {
  say(JSON.stringify(value));
}

/** Text of somebody else's making on one line: without what would steer the terminal. */
export function plain(text: string): string {
  return text.replace(/\s+/g, " ").replace(/[\u0000-\u001f\u007f-\u009f]/g, "\ufffd");
}

const PLACES =
  `top top-mid top-left top-right bottom bottom-mid bottom-left bottom-right left left-mid mid mid-mid right
  right-mid`.split(/\s+/);
/** Columns are set apart by two blanks, and by nothing else. */
const NO_LINES = { ...Object.fromEntries(PLACES.map((place) => [place, ""])), middle: "  " };

/** Rows under their heads, columns lined up, indented by two. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const made = new Table({
    head: head.map((text) => colors.dim(text)),
    chars: NO_LINES,
    style: { head: [], border: [], "padding-left": 0, "padding-right": 0 },
  });
  made.push(...rows.map((row) => [...row]));
  return indented(made.toString());
}

function indented(text: string): string {
  return text
    .split("\n")
    .map((line) => `  ${line}`.trimEnd())
    .join("\n");
}

const PAINT: Readonly<Record<string, (text: string) => string>> = {
  COMPLETED: colors.green,
  COMPLETED_WITH_ERRORS: colors.yellow,
  FAILED: colors.red,
  CANCELLED: colors.yellow,
  CANCELLING: colors.yellow,
  RUNNING: colors.cyan,
  PROCESSING: colors.cyan,
};

export function painted(status: string): string {
  return (PAINT[status] ?? ((text: string) => text))(status);
}

/** A moment to the second, in UTC, such as "2026-03-01 12:30:05Z". */
export function moment(iso: string): string {
  return `${new Date(iso).toISOString().slice(0, 19).replace("T", " ")}Z`;
}

const UNITS = [
  ["d", 86_400],
  ["h", 3_600],
  ["min", 60],
  ["s", 1],
] as const;

/** A length of time in its two largest units, such as "2 h 5 min"; below ten seconds with a tenth. */
export function duration(ms: number): string {
  const seconds = Math.max(0, ms) / 1_000;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  let left = Math.round(seconds);
  const parts: string[] = [];
  for (const [unit, size] of UNITS) {
    const count = Math.floor(left / size);
    left -= count * size;
    if (count > 0) parts.push(`${count} ${unit}`);
    else if (parts.length > 0) break;
  }
  return parts.slice(0, 2).join(" ");
}

/** How long ago that was, by the clock of this machine. */
export function age(iso: string): string {
  return duration(Date.now() - Date.parse(iso));
}

/** A size in the unit that suits it, such as "2.4 MB" (10^6 bytes). */
export function size(bytes: number): string {
  if (bytes < 1_000) return `${bytes} bytes`;
  const [unit, each] = bytes < 1_000_000 ? ["KB", 1_000] : bytes < 1_000_000_000 ? ["MB", 1e6] : ["GB", 1e9];
  return `${(bytes / Number(each)).toFixed(1)} ${unit}`;
}

export { counted } from "../counted.js";
