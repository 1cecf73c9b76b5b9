import "reflect-metadata";
import { lexicographicSortSchema, printSchema } from "graphql";
import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { ACCESS } from "../src/database/migrations/access.js";
import { CONTRACT } from "../src/database/migrations/contract.js";
import { EMPTYING } from "../src/database/migrations/emptying.js";
import { NAMED_ENTITIES } from "../src/database/migrations/entities.js";
import { FLUSH } from "../src/database/migrations/flush.js";
import { LEAN_KEYS } from "../src/database/migrations/lean-keys/keys.js";
import { CONVERGE } from "../src/database/migrations/initial/converge.js";
import { DOOR } from "../src/database/migrations/initial/door.js";
import { RECORD } from "../src/database/migrations/initial/record.js";
import { TABLES } from "../src/database/migrations/initial/tables.js";
import { VIOLATIONS } from "../src/database/migrations/initial/violations.js";
import { LOOKUPS } from "../src/database/migrations/lookups.js";
import { OPERATIONS } from "../src/database/migrations/operations.js";
import { SUBMISSION } from "../src/database/migrations/submission.js";
import { TEXT_PAGING } from "../src/database/migrations/text-paging.js";
import { UPLOADS } from "../src/database/migrations/uploads.js";
import { buildHeadwaySchema } from "../src/graphql/schema.js";
import { ENDINGS, type Ending } from "../src/lifecycle/reasons.js";
import { isOpen, LEVELS, type Level } from "../src/lifecycle/status.js";
import { TRANSITIONS } from "../src/lifecycle/transitions.js";

/** The files that are written from the code and kept beside it, for people and for reviews. */
export type EmittedFile = "schema.graphql" | "lifecycle.md" | "database.sql";

/** Where the emitted files are kept. */
export const SCHEMA_FOLDER = fileURLToPath(new URL("../../schema/", import.meta.url));

/** The contents of the emitted files, as they must be for this code. */
export async function emitSchema(): Promise<Record<EmittedFile, string>> {
  return {
    "schema.graphql": `${printSchema(lexicographicSortSchema(await buildHeadwaySchema()))}\n`,
    "lifecycle.md": lifecycle(),
    "database.sql": database(),
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

function database(): string {
  const rows = TRANSITIONS.flatMap(({ level, from, to, reasons }) =>
    reasons.map((reason) => `  (${[level, from, to, reason].map(literal).join(", ")})`),
  );
  const transitions = `insert into transition (level, from_status, to_status, reason) values\n${rows.join(",\n")};`;
  const migrated = [
    ...OPERATIONS,
    ...CONTRACT,
    ...ACCESS,
    ...UPLOADS,
    TEXT_PAGING,
    ...NAMED_ENTITIES,
    ...FLUSH,
    LEAN_KEYS,
    EMPTYING,
    SUBMISSION,
    LOOKUPS,
  ];
  const parts = [TABLES, transitions, DOOR, CONVERGE, RECORD, VIOLATIONS, ...migrated].map((sql) => sql.trim());
  return `-- Written by npm run schema: what the migrations run, in their order.\n\n${parts.join("\n\n")}\n`;
}

function literal(value: string | null): string {
  return value === null ? "null" : `'${value.replaceAll("'", "''")}'`;
}

if (process.argv[1] !== undefined && path.resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  await mkdir(SCHEMA_FOLDER, { recursive: true });
  for (const [name, content] of Object.entries(await emitSchema())) {
    await writeFile(path.join(SCHEMA_FOLDER, name), content);
    console.error(`wrote schema/${name}`);
  }
}
