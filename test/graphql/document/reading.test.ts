import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { buffer } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import sharp from "sharp";
import { ApiClient } from "../../../src/cli/client.js";
import { collectionOf, progressOf, submit } from "../../scenarios/main-job.js";
import { startHeadway, type HeadwayProcess } from "../../support/processes.js";

const MANUAL = [
  "# Pumps",
  "## Zebrafish tanks",
  `${"Each tank has a pump of its own, which runs day and night. ".repeat(12).trim()}`,
  `${"Filters are washed on Mondays with cold water and no soap. ".repeat(12).trim()}`,
  "## Parts",
  "| Part | Price |\n| --- | --- |",
].join("\n\n");
const ROWS = Array.from({ length: 60 }, (_, index) => `| Seal ${index} | ${index}.50 EUR |`).join("\n");

let headway: HeadwayProcess;
let api: ApiClient;
let dataDir: string;
let collectionId: string;
beforeAll(async () => {
  dataDir = await mkdtemp(path.join(tmpdir(), "headway-reading-"));
  headway = await startHeadway({ HEADWAY_DATA_DIR: dataDir, HEADWAY_EMBEDDER: "hash" });
  api = new ApiClient(headway.url, headway.key);
  collectionId = await collectionOf(api, "reading", [
    { name: "manual.md", text: `${MANUAL}\n${ROWS}\n` },
    { name: "scan.pdf", base64: (await typedAndScanned()).toString("base64") },
  ]);
  await progressOf(
    api,
    await submit(api, collectionId, "documents", { options: { ocr: false, embeddings: false, graph: false } }),
  );
  await progressOf(api, await submit(api, collectionId, "documents", { options: { only: "embeddings" } }));
});
afterAll(async () => {
  await api.close();
  await headway.stop();
  await rm(dataDir, { recursive: true, force: true });
});

/** What of pdfkit, which comes without types, is used here. */
interface Pdf extends NodeJS.ReadableStream {
  text(text: string): Pdf;
  addPage(): Pdf;
  image(bytes: Buffer, x: number, y: number, options: { width: number }): Pdf;
  end(): void;
}
type PdfMaker = new (options: object) => Pdf;

/** Two pages: a typed one, and one that is a picture alone. */
async function typedAndScanned(): Promise<Buffer> {
  const noise = { type: "gaussian", mean: 128, sigma: 30 } as const;
  const picture = await sharp({ create: { width: 300, height: 400, channels: 3, background: "white", noise } })
    .jpeg({ quality: 60 })
    .toBuffer();
  const { default: PdfDocument } = (await import("pdfkit" as string)) as { default: PdfMaker };
  const pdf = new PdfDocument({ size: "A4" });
  pdf.text("The typed cover of a contract that was scanned.");
  pdf.addPage().image(picture, 0, 0, { width: 595 }).end();
  return buffer(pdf);
}

async function read(name: string): Promise<any> {
  const query = `query ($id: ID!) { collection(id: $id) { documents(first: 10) { nodes { name text warnings { code count pages }
    lastTask { warnings { code count pages } }
    chunks(first: 100) { nodes { text context headings part page pageEnd kind startOffset endOffset hasEmbedding } } } } } }`;
  const data = await api.query<any>(query, { id: collectionId });
  return data.collection.documents.nodes.find((one: { name: string }) => one.name === name);
}

describe("what readers are told of a document", () => {
  test("a chunk says what its text is to be understood by, and its text is the exact slice", async () => {
    const { text, chunks } = await read("manual.md");
    for (const chunk of chunks.nodes) expect(chunk.text).toBe(text.slice(chunk.startOffset, chunk.endOffset));
    const tables = chunks.nodes.filter(({ kind }: { kind: string }) => kind === "TABLE");
    expect(tables.length).toBeGreaterThan(1);
    expect(tables.at(-1)).toMatchObject({
      headings: ["Pumps", "Parts"],
      context: "Pumps > Parts\n| Part | Price |\n| --- | --- |",
      part: null,
      page: null,
      pageEnd: null,
      hasEmbedding: true,
    });
  });

  test("a chunk is found by the heading above it, which its own text does not name", async () => {
    const { search } = await api.query<any>(
      `query ($id: ID!) { search(collectionId: $id, query: "zebrafish", first: 10) { score chunk { text } } }`,
      { id: collectionId },
    );
    const found = search.find(({ chunk }: { chunk: { text: string } }) => chunk.text.startsWith("Filters"));
    expect(found.score).toBeGreaterThan(0);
  });

  test("a page that was not read is named on task and document, also after its chunks got vectors", async () => {
    const { warnings, text, chunks, lastTask } = await read("scan.pdf");
    expect(text).toContain("typed cover");
    expect(warnings).toEqual([{ code: "PAGES_UNREAD", count: 1, pages: [2] }]);
    expect(lastTask.warnings).toEqual(warnings);
    expect(chunks.nodes[0]).toMatchObject({ page: 1, pageEnd: 1, hasEmbedding: true });
  });
});
