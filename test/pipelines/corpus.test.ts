import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { ApiClient } from "../../src/cli/client.js";
import { collectionOf, EXAMPLES, progressOf, submit } from "../scenarios/main-job.js";
import { ROOT, startHeadway, type HeadwayProcess } from "../support/processes.js";

/** What the pipeline must make of a file; `error` in place of the rest where it must fail. */
interface Expected {
  readonly mediaType?: string;
  readonly pages?: number;
  readonly contains?: readonly string[];
  readonly absent?: readonly string[];
  readonly metadata?: Readonly<Record<string, unknown>>;
  readonly error?: string;
}

interface Outcome {
  readonly mediaType: string | null;
  readonly metadata: Record<string, unknown>;
  readonly text: string | null;
  readonly chunks: { readonly totalCount: number };
  readonly lastTask: {
    readonly status: string;
    readonly error: { readonly code: string; readonly message: string } | null;
  };
}

/** Formats that no parser takes yet. */
const UNSUPPORTED = /\.(odt|pptx|xlsx|eml|png|jpe?g|wav)$/;

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
  "pipeline.json": { mediaType: "application/json", contains: ["retries.maxAttempts: 3"] },
  "retry.docx": { contains: ["stage"] },
  "stages.csv": { mediaType: "text/csv", contains: ["download"] },
  "statuses.xml": {
    mediaType: "application/xml",
    contains: ["A worker holds the lease of the task."],
    absent: ["<status"],
  },
};

/** Real files with what must come out of them, beside the project; where they are absent, its own examples are tried alone. */
const CORPUS = path.join(ROOT, "..", "shared", "corpus");
const corpusFiles: Readonly<Record<string, Expected>> = existsSync(path.join(CORPUS, "expected.json"))
  ? (JSON.parse(readFileSync(path.join(CORPUS, "expected.json"), "utf8")) as { files: Record<string, Expected> }).files
  : {};

const cases = [
  ...Object.entries(EXAMPLE_FILES).map(([name, expected]) => ({ folder: EXAMPLES, name, expected })),
  ...Object.entries(corpusFiles).map(([name, expected]) => ({
    folder: CORPUS,
    name,
    expected: UNSUPPORTED.test(name) ? { error: "UNSUPPORTED_TYPE" } : expected,
  })),
];

describe("the documents pipeline on real files", () => {
  let headway: HeadwayProcess;
  let dataDir: string;
  const outcomes = new Map<string, Outcome>();

  beforeAll(async () => {
    dataDir = await mkdtemp(path.join(tmpdir(), "headway-corpus-"));
    headway = await startHeadway({
      HEADWAY_DATA_DIR: dataDir,
      HEADWAY_EMBEDDER: "hash",
      HEADWAY_FILE_ROOTS: `${EXAMPLES},${CORPUS}`,
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
      const { collection } = await api.query<{ collection: { documents: { nodes: (Outcome & { name: string })[] } } }>(
        `query ($id: ID!) { collection(id: $id) { documents(first: 100) { nodes { name mediaType metadata text(limit: 100000)
           chunks { totalCount } lastTask { status error { code message } } } } } }`,
        { id: collectionId },
      );
      for (const outcome of collection.documents.nodes) outcomes.set(outcome.name, outcome);
    } finally {
      await api.close();
    }
  }, 120_000);

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
      expect(outcome.lastTask).toEqual({ status: "COMPLETED", error: null });
      expect(outcome.chunks.totalCount).toBeGreaterThan(0);
      if (expected.pages) expect(outcome.metadata.pages).toBe(expected.pages);
      expect(outcome.metadata).toMatchObject(expected.metadata ?? {});
      const text = outcome.text!.replace(/\s+/g, " ");
      for (const phrase of expected.contains ?? []) expect(text).toContain(phrase);
      for (const phrase of expected.absent ?? []) expect(text).not.toContain(phrase);
    },
  );
});
