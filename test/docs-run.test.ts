import { buildSchema, parse, validate, type GraphQLSchema } from "graphql";
import { readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import path from "node:path";
import { createTestDatabase, type TestDatabase } from "./support/database.js";
import { commandsIn, DOC_BLOCKS, DOC_PAGES } from "./support/doc-blocks.js";
import { DocStory } from "./support/doc-story.js";
import { ROOT, startHeadway, type HeadwayProcess } from "./support/processes.js";

/** Commands that are not run here, each with the reason. */
const NOT_RUN: Readonly<Record<string, string>> = {
  "npm start": "serves until it is stopped; test/production/start.test.ts starts and stops it",
  "npm run demo": "test/cli/demo.test.ts runs it",
  "npm run demo -- documents": "test/cli/demo.test.ts runs it",
  "npm run demo -- expenses": "test/cli/demo.test.ts runs it",
  "npm run demo -- batch": "test/cli/demo.test.ts runs it",
  "HEADWAY_KEY=$(cat .headway/development-key) node examples/browser-app/server.mjs":
    "serves until it is stopped; test/examples/browser-app.test.ts runs it",
  "npm test": "is what runs this test",
  "npm pack": "test/package packs and installs the package",
  "cd ../my-project": "stands for a folder of the reader; test/package makes one",
  "npm install ../headway/headway-api-*.tgz": "asks the registry; test/package runs it",
  "npm install -D typescript @types/node": "asks the registry; test/package runs it",
  "HEADWAY_PIPELINES=pipelines npx headway-api start": "serves until it is stopped; test/package runs it",
  "npm pkg set type=module": "writes the reader's package.json; test/package makes one like it",
  "npm install @swc/wasm-typescript": "asks the registry; test/package runs it",
  "npx headway-api demo": "test/cli/demo.test.ts runs it",
  "cp compose.env.example .env":
    "writes passwords into the clone; test/production/shape.test.ts starts the same processes",
  "docker compose up --build -d": "needs Docker; test/production/shape.test.ts starts the same processes",
  "docker compose run --rm migrate keys create --name ops --role ADMIN": "needs Docker",
  "DATABASE_URL=postgres://headway:DATABASE_PASSWORD@127.0.0.1:5432/headway REDIS_URL=redis://127.0.0.1:6379 npm start":
    "serves until it is stopped, on servers of the reader",
  "export DATABASE_URL=postgres://headway:PASSWORD@db:5432/headway REDIS_URL=redis://redis:6379":
    "names servers of the reader",
  "export HEADWAY_DATA_DIR=/var/lib/headway": "names a folder of the reader",
  "HEADWAY_ROLES=api,reconciler HEADWAY_PORT=4000 npx headway-api start":
    "serves until it is stopped; test/production/shape.test.ts starts the same processes",
  "HEADWAY_ROLES=worker HEADWAY_PORT=4001 npx headway-api start":
    "serves until it is stopped; test/production/shape.test.ts starts the same processes",
  'pg_dump --format=custom --file=headway.dump "$DATABASE_URL"': "needs Postgres' own tools, of the server's version",
  'pg_restore --dbname="$NEW_DATABASE_URL" headway.dump': "needs Postgres' own tools, of the server's version",
  "DATABASE_URL=postgres://headway:secret@pgbouncer:6432/headway": "is a line of a file with settings",
  "HEADWAY_DATABASE_DIRECT_URL=postgres://headway:secret@postgres:5432/headway": "is a line of a file with settings",
};

/** Exit codes other than 0 that are right. */
const ENDS_WITH: Readonly<Record<string, readonly number[]>> = {
  // One of the two letters is empty, and is meant to fail.
  "npx headway-api submit letters --pipeline documents --collection letters --watch": [5],
  "npx headway-api submit letters/ --pipeline documents --collection letters --watch": [5],
  "npx headway-api watch JOB": [0, 5],
  // No task has timed out.
  "npx headway-api retry JOB --error-code TIMED_OUT": [1],
};

/** What a reader of the page has done before. */
const BEFORE: Readonly<Record<string, readonly string[]>> = {
  "docs/guides/troubleshooting.md": [
    "npx headway-api submit letters/ --pipeline documents --collection letters --watch",
  ],
};

const SHELL = new Set(["sh", "bash"]);
const read = (name: string): string => readFileSync(path.join(ROOT, name), "utf8");
const blocksOf = (page: string) => DOC_BLOCKS.filter((block) => block.page === page);

/** Queries that stand in a sentence, such as `{ viewer { name } }`. */
function queriesIn(page: string, schema: GraphQLSchema): string[] {
  return [...read(page).matchAll(/(?<!`)`(\{ [a-z][^`\n]*\})`(?!`)/g)]
    .map(([, text]) => text!)
    .filter((text) => isQuery(text, schema));
}

function isQuery(text: string, schema: GraphQLSchema): boolean {
  try {
    return validate(schema, parse(text)).length === 0;
  } catch {
    return false;
  }
}

let database: TestDatabase;
let server: HeadwayProcess;
beforeAll(async () => {
  database = await createTestDatabase();
  server = await startHeadway({ DATABASE_URL: database.url, HEADWAY_POLL_MS: "200" });
});
afterAll(async () => {
  await server.stop();
  await database.drop();
});

const schema = buildSchema(read("schema/schema.graphql"));
const runnable = DOC_PAGES.filter(
  (page) =>
    queriesIn(page, schema).length > 0 ||
    blocksOf(page).some(({ language }) => language === "graphql" || SHELL.has(language)),
);

describe("a reader who does what a page says, from top to bottom", () => {
  test.each(runnable)("%s", async (page) => {
    const story = await DocStory.begin(page, server, database.url);
    try {
      for (const command of BEFORE[page] ?? []) await story.run(command);
      for (const { language, code } of blocksOf(page)) {
        if (language === "graphql") await story.execute(code);
        if (!SHELL.has(language)) continue;
        for (const command of commandsIn(code).filter((one) => !(one in NOT_RUN))) {
          const { code: exit, output } = await story.run(command);
          if (!(ENDS_WITH[command] ?? [0]).includes(exit!)) throw new Error(`${command} ended with ${exit}: ${output}`);
        }
      }
      for (const query of queriesIn(page, schema)) await story.execute(query);
    } finally {
      await story.api.close();
      await rm(story.folder, { recursive: true, force: true });
    }
  });

  test("sees the changes that the page on streams shows", async () => {
    const page = "docs/guides/submit-and-follow.md";
    const story = await DocStory.begin("changes", server, database.url);
    try {
      const answers: Record<string, any>[] = [];
      for (const { language, code } of blocksOf(page)) {
        if (language === "graphql") answers.push(...(await story.execute(code)));
      }
      const seen = answers.at(-1)!.events as Record<string, unknown>[];
      const shown = blocksOf(page)
        .find(({ language }) => language === "json")!
        .code.trim()
        .split("\n")
        .map((line) => JSON.parse(line) as Record<string, unknown>);
      const lines = (changes: readonly Record<string, unknown>[]): string[] =>
        changes
          .map(({ entityType, toStatus, toStage, reason }) => [entityType, toStatus, toStage, reason].join(" "))
          .sort();
      expect(lines(seen)).toEqual(lines(shown));
    } finally {
      await story.api.close();
      await rm(story.folder, { recursive: true, force: true });
    }
  });

  test("is left alone only with commands that are named here, with the reason", () => {
    const commands = new Set(
      DOC_BLOCKS.filter(({ language }) => SHELL.has(language)).flatMap(({ code }) => commandsIn(code)),
    );
    for (const table of [NOT_RUN, ENDS_WITH]) {
      expect(Object.keys(table).filter((command) => !commands.has(command))).toEqual([]);
    }
    expect(commands.size - Object.keys(NOT_RUN).length).toBeGreaterThan(20);
    expect(runnable.length).toBeGreaterThan(8);
  });
});
