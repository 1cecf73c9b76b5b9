import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { ApiClient } from "../../src/cli/client.js";
import { collectionOf, EXAMPLES, progressOf, submit } from "../scenarios/main-job.js";
import { CORPUS } from "./corpus-folder.js";
import { FIXTURE_FILES, FIXTURES, type Expected } from "./fixture-files.js";
import { FOUND_FILES } from "./found-files.js";
import { startHeadway, type HeadwayProcess } from "../support/processes.js";

interface Outcome {
  readonly mediaType: string | null;
  readonly metadata: Record<string, unknown>;
  readonly text: string | null;
  readonly chunks: { readonly totalCount: number };
  readonly lastTask: {
    readonly warnings: readonly { readonly code: string }[];
    readonly status: string;
    readonly error: { readonly code: string; readonly message: string } | null;
  };
}

/** What may well hold no text. */
const MEDIA = /^(image|audio|video)\//;

const EXAMPLE_FILES: Readonly<Record<string, Expected>> = {
  "glossary.txt": { mediaType: "text/plain", contains: ["Hint: word to a worker that something is due"] },
  "leases.html": { mediaType: "text/html", contains: ["heartbeat"], absent: ["<p", "</"] },
  "leases.pdf": {
    mediaType: "application/pdf",
    pages: 1,
    contains: ["heartbeat"],
    metadata: { title: "Leases and fences" },
  },
  "lifecycle.md": { mediaType: "text/markdown", contains: ["settled"] },
  "question.eml": { mediaType: "message/rfc822", contains: ["it failed alone, and said why"], warnings: [] },
  "pipeline.json": { mediaType: "application/json", contains: ["retries.maxAttempts: 3"] },
  "retry.docx": { contains: ["stage"] },
  "stages.csv": { mediaType: "text/csv", contains: ["download"] },
  "statuses.xml": {
    mediaType: "application/xml",
    contains: ["A worker holds the lease of the task."],
    absent: ["<status"],
  },
};

/** Where the corpus is absent, the project's own examples are tried alone. */
const corpusFiles: Readonly<Record<string, Expected>> = existsSync(path.join(CORPUS, "expected.json"))
  ? (JSON.parse(readFileSync(path.join(CORPUS, "expected.json"), "utf8")) as { files: Record<string, Expected> }).files
  : {};

const FOUND = path.join(CORPUS, "found", "documents");
const foundFiles = existsSync(FOUND) ? FOUND_FILES : {};

const cases = [
  ...Object.entries(EXAMPLE_FILES).map(([name, expected]) => ({ folder: EXAMPLES, name, expected })),
  ...Object.entries(FIXTURE_FILES).map(([name, expected]) => ({ folder: FIXTURES, name, expected })),
  ...Object.entries(corpusFiles).map(([name, expected]) => ({
    folder: CORPUS,
    name,
    expected,
  })),
  ...Object.entries(foundFiles).map(([name, expected]) => ({ folder: FOUND, name, expected })),
];

describe("the documents pipeline on real files", () => {
  let headway: HeadwayProcess;
  let dataDir: string;
  const outcomes = new Map<string, Outcome>();
  let entities: readonly { readonly name: string; readonly documents: readonly { readonly name: string }[] }[];
  let artifacts: readonly { readonly name: string; readonly mediaType: string }[];

  beforeAll(async () => {
    dataDir = await mkdtemp(path.join(tmpdir(), "headway-corpus-"));
    headway = await startHeadway({
      HEADWAY_DATA_DIR: dataDir,
      HEADWAY_EMBEDDER: "hash",
      HEADWAY_FILE_ROOTS: `${EXAMPLES},${FIXTURES},${CORPUS}`,
    });
    const api = new ApiClient(headway.url, headway.key);
    try {
      const collectionId = await collectionOf(
        api,
        "corpus",
        cases.map(({ folder, name }) => ({
          name: `${path.basename(folder)}/${name}`,
          uri: pathToFileURL(path.join(folder, name)).href,
        })),
      );
      await progressOf(api, await submit(api, collectionId, "documents"));
      const { collection } = await api.query<{
        collection: {
          documents: { nodes: (Outcome & { name: string })[] };
          entities: { nodes: typeof entities };
          lastJob: { artifacts: { nodes: typeof artifacts } };
        };
      }>(
        `query ($id: ID!) { collection(id: $id) { entities(first: 100) { nodes { name documents { name } } }
           lastJob { artifacts { nodes { name mediaType } } } documents(first: 100) { nodes { name mediaType metadata text(limit: 100000)
           chunks { totalCount } lastTask { status warnings { code } error { code message } } } } } }`,
        { id: collectionId },
      );
      for (const outcome of collection.documents.nodes) outcomes.set(outcome.name, outcome);
      entities = collection.entities.nodes;
      artifacts = collection.lastJob.artifacts.nodes;
    } finally {
      await api.close();
    }
  });

  afterAll(async () => {
    await headway.stop();
    await rm(dataDir, { recursive: true, force: true });
  });

  test.each(cases.map((one) => [`${path.basename(one.folder)}/${one.name}`, one.expected] as const))(
    "makes of %s what must come out of it",
    (name, expected) => {
      const outcome = outcomes.get(name)!;
      if (expected.mediaType) expect(outcome.mediaType).toBe(expected.mediaType);
      if (expected.error) {
        expect(outcome.lastTask).toMatchObject({ status: "FAILED", error: { code: expected.error } });
        expect(outcome.lastTask.error!.message.length).toBeGreaterThan(20);
        return;
      }
      expect(outcome.lastTask).toMatchObject({ status: "COMPLETED", error: null });
      if (expected.warnings) expect(outcome.lastTask.warnings.map(({ code }) => code)).toEqual(expected.warnings);
      if (expected.silent) expect(outcome).toMatchObject({ text: "", chunks: { totalCount: 0 } });
      if (!MEDIA.test(outcome.mediaType!)) expect(outcome.chunks.totalCount).toBeGreaterThan(0);
      if (expected.chunks !== undefined) expect(outcome.chunks.totalCount).toBe(expected.chunks);
      if (expected.pages) expect(outcome.metadata.pages).toBe(expected.pages);
      expect(outcome.metadata).toMatchObject(expected.metadata ?? {});
      const text = outcome.text!.replace(/\s+/g, " ");
      for (const phrase of expected.contains ?? []) expect(text).toContain(phrase);
      for (const phrase of expected.absent ?? []) expect(text).not.toContain(phrase);
    },
  );

  test("finds whom and what they name, and leaves the graph of it", () => {
    expect(artifacts).toEqual([{ name: "graph.graphml", mediaType: "application/graphml+xml" }]);
    const corpus = entities.find(({ name }) => /^(Wyn )?Roberts$/.test(name));
    if (existsSync(CORPUS)) expect(corpus?.documents).toContainEqual({ name: "corpus/norwich-city.txt" });
    expect(entities.length).toBeGreaterThan(0);
  });
});
