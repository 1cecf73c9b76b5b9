import "reflect-metadata";
import { lexicographicSortSchema, printSchema, type GraphQLSchema } from "graphql";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { startEmbeddedPostgres } from "../src/database/embedded.js";
import { migrate } from "../src/database/migrate.js";
import { DEFAULT_SCHEMA } from "../src/database/schema-name.js";
import { accessOf, FIELD_ACCESSES, readableTypes, type FieldAccess } from "../src/graphql/access/field-access.js";
import { pagePartOf } from "../src/graphql/paging/page-types.js";
import { buildHeadwaySchema } from "../src/graphql/schema.js";
import { ENDINGS, type Ending } from "../src/lifecycle/reasons.js";
import { isOpen, LEVELS, type Level } from "../src/lifecycle/status.js";
import { TRANSITIONS } from "../src/lifecycle/transitions.js";
import { dumpSchema, dumpSignatures } from "./database-dump.js";

/** The files that are written from the code and kept beside it, by their paths in the repository. */
export type EmittedFile = "schema/schema.graphql" | "schema/access.md" | "schema/lifecycle.md" | "sql/transitions.sql";

/** What the paths of emitted files begin at. */
export const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** The contents of the emitted files, as they must be for this code. */
export async function emitSchema(): Promise<Record<EmittedFile, string>> {
  const schema = lexicographicSortSchema(await buildHeadwaySchema());
  return {
    "schema/schema.graphql": `${printSchema(schema)}\n`,
    "schema/access.md": access(schema),
    "schema/lifecycle.md": lifecycle(),
    "sql/transitions.sql": transitions(),
  };
}

/** What a key of one collection, and one of one job, is given of a field, in a word. */
const GIVEN: Readonly<Record<FieldAccess, readonly [ofCollection: string, ofJob: string]>> = {
  SHOWN: ["yes", "yes"],
  NARROWED: ["its part", "its part"],
  COLLECTION: ["yes", "`FORBIDDEN`"],
  PROJECT: ["`FORBIDDEN`", "`FORBIDDEN`"],
  PROJECT_OR_NULL: ["null", "null"],
  OPERATOR_OR_NULL: ["null", "null"],
  OPERATOR: ["`FORBIDDEN`", "`FORBIDDEN`"],
  ADMIN: ["`FORBIDDEN`", "`FORBIDDEN`"],
};

function access(schema: GraphQLSchema): string {
  const types = readableTypes(schema).filter(({ name }) => pagePartOf(name) === null);
  const rows = types
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((type) =>
      FIELD_ACCESSES.flatMap((one) => {
        const names = Object.keys(type.getFields()).filter((name) => accessOf(type.name, name) === one);
        return names.length === 0 ? [] : [[quoted(type.name), names.map(quoted).join(", "), ...GIVEN[one]]];
      }),
    );
  return [
    "# What keys see",
    "",
    "Written by `npm run schema` from `src/graphql/access/field-access.ts`. A key sees one project, and nothing of another;",
    "workers belong to all projects. What a role may do is in [SECURITY.md](../SECURITY.md). A key made for a browser sees",
    "one collection, or one job of it, and changes there what its permissions say. *Its part* is what lies in that collection",
    "or job: the rest of a list is left out, and what a link or an id leads to is null, as if it did not exist. A key that was",
    "made without READ is given `Query.viewer` alone, and of what its mutations made the ids. `TaskError.stack` is null for",
    "the role VIEWER as well, and `keys` is for ADMIN alone.",
    "",
    ...table(["type", "fields", "key of one collection", "key of one job"], rows),
    "",
  ].join("\n");
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
        code === null
          ? final === null
            ? "none"
            : "the error's own"
          : countsAs === "wait"
            ? `${quoted(code)}, at last ${quoted(`${code}_EXHAUSTED`)}`
            : quoted(code),
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

/** The files that are written from a migrated database. */
async function emitDatabase(): Promise<Readonly<Record<"schema/database.sql" | "sql/signatures.txt", string>>> {
  const dataDir = await mkdtemp(path.join(tmpdir(), "headway-schema-"));
  const server = await startEmbeddedPostgres({ dataDir });
  try {
    await migrate(server.url);
    const client = new pg.Client({ connectionString: server.url });
    await client.connect();
    try {
      return {
        "schema/database.sql": await dumpSchema(client, DEFAULT_SCHEMA),
        "sql/signatures.txt": `${(await dumpSignatures(client, DEFAULT_SCHEMA)).join("\n")}\n`,
      };
    } finally {
      await client.end();
    }
  } finally {
    await server.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
}

/** With the word `release` the signatures too, which the next builds are held to; see docs/sql.md. */
async function main(isRelease: boolean): Promise<void> {
  const write = async (name: string, content: string): Promise<void> => {
    await writeFile(path.join(ROOT, name), content);
    console.error(`wrote ${name}`);
  };
  // The transitions are there before the database is migrated with them.
  for (const [name, content] of Object.entries(await emitSchema())) await write(name, content);
  for (const [name, content] of Object.entries(await emitDatabase())) {
    if (isRelease || name !== "sql/signatures.txt") await write(name, content);
  }
}

if (process.argv[1] !== undefined && path.resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  await main(process.argv[2] === "release");
}
