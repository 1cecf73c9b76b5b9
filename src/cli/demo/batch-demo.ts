import { readFile } from "node:fs/promises";
import path from "node:path";
import { documentsAt, PROJECT_ROOT } from "./example-documents.js";
import { saveArtifacts } from "./save-artifacts.js";
import type { Demo, DemoEnd } from "./demo-job.js";
import { colors, counted, painted, plain, say, table } from "../print.js";

const FIELDS = {
  number: { pattern: "\\b[A-Z]{2}-\\d{4}\\b" },
  date: { pattern: "\\b(20\\d\\d-\\d\\d-\\d\\d)(?:\\s|$)" },
  total: { label: "Total", type: "number" },
};
const MAX_CELL = 24;

interface Row {
  readonly file: string;
  readonly status: string;
  readonly characters: number | null;
  readonly words: number | null;
  readonly fields: Readonly<Record<string, readonly (string | number)[]>>;
  readonly error: { readonly stage: string; readonly code: string; readonly message: string } | null;
}
interface Output {
  readonly files: number;
  readonly characters: number;
  readonly fields: Readonly<Record<string, { readonly files: number; readonly sum?: number }>>;
}

/** A batch of invoices of many kinds with a broken one among them, or the files at the paths given. */
export async function batchDemo(paths: readonly string[], limitBytes: number): Promise<Demo> {
  const example = path.join(PROJECT_ROOT, "examples", "batch");
  const found = await documentsAt(paths.length > 0 ? paths : [example], limitBytes);
  return { pipeline: "batch", options: { fields: FIELDS }, found, show };
}

async function show(end: DemoEnd): Promise<object> {
  const output = end.summary.output as Output | null;
  if (output === null) {
    say("\n  The batch has no table, because its collection stage failed; see above.");
    return {};
  }
  const [json, csv] = await saveArtifacts(end, ["batch.json", "batch.csv"]);
  const rows = (JSON.parse(await readFile(json!, "utf8")) as Row[]).sort((a, b) => (a.file < b.file ? -1 : 1));
  const names = Object.keys(FIELDS);
  say(`\n  ${counted(output.files, "file")}, one row each`);
  say(
    table(
      ["file", "status", "words", ...names],
      rows.map(({ file, status, words, fields }) => [
        plain(file),
        painted(status),
        String(words ?? ""),
        ...names.map((name) => plain((fields[name] ?? []).join(", ")).slice(0, MAX_CELL)),
      ]),
    ),
  );
  const { total } = output.fields;
  if (total?.sum !== undefined) {
    say(`  The totals of ${counted(total.files, "file")} add up to ${total.sum.toFixed(2)}.`);
  }
  showFailures(rows);
  say(`\n  The same as files: ${csv!} and ${json!}`);
  return { files: output.files, rows: rows.length, total: total?.sum ?? null };
}

function showFailures(rows: readonly Row[]): void {
  const failed = rows.flatMap(({ file, error }) => (error ? [{ file, ...error }] : []));
  if (failed.length === 0) return;
  say(`\n  ${colors.red("failed")}, and what to do`);
  say(
    table(
      ["file", "stage", "code", "message"],
      failed.map(({ file, stage, code, message }) => [plain(file), stage, code, plain(message)]),
    ),
  );
}
