import "reflect-metadata";
import { lexicographicSortSchema, printSchema } from "graphql";
import { writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { buildHeadwaySchema } from "../graphql/schema.js";
import { ENDINGS, type Ending } from "../lifecycle/reasons.js";
import { isOpen, LEVELS, type Level } from "../lifecycle/status.js";
import { TRANSITIONS } from "../lifecycle/transitions.js";

/** The files that are written from the code and kept beside it, by their paths in the repository. */
export type EmittedFile = "schema/schema.graphql" | "schema/lifecycle.md" | "sql/transitions.sql";

/** What the paths of emitted files begin at. */
export const ROOT = fileURLToPath(new URL("../../../", import.meta.url));

/** The contents of the emitted files, as they must be for this code. */
export async function emitSchema(): Promise<Record<EmittedFile, string>> {
  return {
    "schema/schema.graphql": `${printSchema(lexicographicSortSchema(await buildHeadwaySchema()))}\n`,
    "schema/lifecycle.md": lifecycle(),
    "sql/transitions.sql": transitions(),
  };
}

const LEVEL_TITLES: Readonly<Record<Level, string>> = {
  COLLECTION: "Collection",
  JOB: "Job",
  DOCUMENT_TASK: "Task of a document",
  COLLECTION_TASK: "Task of the collection",
};

function lifecycle(): string {
  return [
    "# Lifecycle",
    "",
    "Written by `npm run schema` from `src/lifecycle`. The database refuses every change that is not listed here.",
    "",
    ...LEVELS.flatMap(level),
    "## What ends a passage through a stage",
    "",
    "Other than success. `again` is the reason written when the task goes back to `QUEUED`, `final` the one when it fails.",
    "",
    ...table(
      ["cause", "again", "final", "error code", "counts as"],
      Object.entries<Ending>(ENDINGS).map(([cause, { again, final, code, countsAs }]) => [
        quoted(cause),
        again === null ? "never" : quoted(again),
        final === null ? "never" : quoted(final),
        code === null ? (final === null ? "none" : "the error's own") : quoted(code),
        countsAs,
      ]),
    ),
    "",
  ].join("\n");
}

function level(name: Level): string[] {
  const transitions = TRANSITIONS.filter((transition) => transition.level === name);
  const settled = [...new Set(transitions.map(({ to }) => to))].filter((status) => !isOpen(name, status));
  return [
    `## ${LEVEL_TITLES[name]}`,
    "",
    `Settled: ${settled.map(quoted).join(", ")}.`,
    "",
    "```mermaid",
    "stateDiagram-v2",
    ...transitions.map(({ from, to, reasons }) => `  ${from ?? "[*]"} --> ${to}: ${reasons.join(", ")}`),
    "```",
    "",
    ...table(
      ["level", "from", "to", "reasons"],
      transitions.map(({ from, to, reasons }) => [
        quoted(name),
        from === null ? "(birth)" : quoted(from),
        quoted(to),
        reasons.map(quoted).join(", "),
      ]),
    ),
    "",
  ];
}

function quoted(word: string): string {
  return `\`${word}\``;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  return [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`);
}

function transitions(): string {
  const rows = TRANSITIONS.flatMap(({ level, from, to, reasons }) =>
    reasons.map((reason) => `  (${[level, from, to, reason].map(literal).join(", ")})`),
  );
  return [
    "-- Written by `npm run schema` from src/lifecycle/transitions.ts. Merged at every migrate: what is missing is added, and",
    "-- nothing is removed, since the build before this one may still write it.",
    "insert into headway.transition (level, from_status, to_status, reason) values",
    rows.join(",\n"),
    "on conflict do nothing;",
    "",
  ].join("\n");
}

function literal(value: string | null): string {
  return value === null ? "null" : `'${value.replaceAll("'", "''")}'`;
}

if (process.argv[1] !== undefined && path.resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  for (const [name, content] of Object.entries(await emitSchema())) {
    await writeFile(path.join(ROOT, name), content);
    console.error(`wrote ${name}`);
  }
}
