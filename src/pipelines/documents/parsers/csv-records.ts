const DELIMITERS = [",", ";", "\t", "|"];
const SAMPLED_LINES = 200;
/** A quoted cell of more lines than this is a quote that was never closed. */
const MAX_QUOTED_LINES = 200;
const MAX_QUOTED_LENGTH = 200_000;

/**
 * The records of a delimited text. A quote counts where a cell begins with it and the one that closes it is followed by a
 * delimiter or a line's end; any other is a letter, so that a stray one costs its own line and no more.
 */
export function recordsOf(
  text: string,
  delimiter: string,
): { readonly records: string[][]; readonly brokenQuotes: number } {
  const records: string[][] = [];
  let record: string[] = [];
  let brokenQuotes = 0;
  let at = 0;
  while (at < text.length) {
    const quoted = quotedCell(text, at, delimiter);
    if (quoted === "broken") brokenQuotes += 1;
    const end = quoted !== null && quoted !== "broken" ? quoted.end : plainEnd(text, at, delimiter);
    record.push(quoted !== null && quoted !== "broken" ? quoted.cell : text.slice(at, end));
    if (text[end] === delimiter) {
      at = end + 1;
      if (at >= text.length) record.push("");
    } else {
      records.push(record);
      record = [];
      at = text[end] === "\r" && text[end + 1] === "\n" ? end + 2 : end + 1;
    }
  }
  if (record.length > 0) records.push(record);
  return { records, brokenQuotes };
}

/** Null where the cell does not begin with a quote. */
function quotedCell(text: string, start: number, delimiter: string): { cell: string; end: number } | "broken" | null {
  let at = start;
  while (text[at] === " ") at += 1;
  if (text[at] !== '"') return null;
  const begin = at + 1;
  let lines = 0;
  for (at = begin; at < text.length && at - begin < MAX_QUOTED_LENGTH; at += 1) {
    const letter = text[at]!;
    if (letter === "\n" && (lines += 1) > MAX_QUOTED_LINES) break;
    if (letter !== '"') continue;
    if (text[at + 1] === '"') {
      at += 1;
      continue;
    }
    let end = at + 1;
    while (text[end] === " ") end += 1;
    const isEnd = end >= text.length || text[end] === delimiter || text[end] === "\n" || text[end] === "\r";
    if (isEnd) return { cell: text.slice(begin, at).replaceAll('""', '"'), end };
    return "broken";
  }
  return "broken";
}

function plainEnd(text: string, start: number, delimiter: string): number {
  let at = start;
  while (at < text.length && text[at] !== delimiter && text[at] !== "\n" && text[at] !== "\r") at += 1;
  return at;
}

/** The one that parts most lines into the same number of columns; a comma in prose comes as it likes. */
export function delimiterOf(text: string): string {
  const sample = text.slice(0, 200_000).replace(/"(?:[^"]|"")*"/g, "");
  const lines = sample.split(/\r\n?|\n/, SAMPLED_LINES).filter((line) => line.trim() !== "");
  const counted = DELIMITERS.map((delimiter) => {
    const counts = new Map<number, number>();
    for (const line of lines) {
      const columns = line.split(delimiter).length;
      if (columns > 1) counts.set(columns, (counts.get(columns) ?? 0) + 1);
    }
    const [columns = 0, agreeing = 0] = [...counts].sort((a, b) => b[1] - a[1] || b[0] - a[0])[0] ?? [];
    return { delimiter, agreeing, columns };
  });
  return counted.sort((a, b) => b.agreeing - a.agreeing || b.columns - a.columns)[0]!.delimiter;
}
