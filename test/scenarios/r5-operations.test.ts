import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { ApiClient } from "../../src/cli/client.js";
import { headway as command } from "../cli/site.js";
import { startHeadway, type HeadwayProcess } from "../support/processes.js";
import { collectionOf, progressOf, submit } from "./main-job.js";

interface Part {
  readonly id: string;
  readonly name: string;
  readonly text: string | null;
  readonly metadata: Record<string, unknown>;
  readonly chunks: { readonly nodes: readonly { id: string; text: string; hasEmbedding: boolean }[] };
}
interface Stand {
  readonly status: string;
  readonly documentCount: number;
  readonly chunkCount: number;
  readonly chunksWithEmbeddings: number;
  readonly embeddingCoverage: number;
  readonly canSubmit: { readonly allowed: boolean };
  readonly warnings: readonly { readonly code: string }[];
  readonly documents: Readonly<Record<string, Part>>;
  readonly entities: readonly string[];
}
interface Ended {
  readonly status: string;
  readonly mode: string;
  /** Stages of the documents' way that this run had. */
  readonly stages: readonly string[];
  readonly output: any;
  /** By document: how its task ended, with the reasons of its changes and what went wrong. */
  readonly tasks: Readonly<Record<string, { status: string; reasons: string[]; error: { code: string } | null }>>;
}

let headway: HeadwayProcess;
let api: ApiClient;
let dataDir: string;
let folder: string;
beforeAll(async () => {
  dataDir = await mkdtemp(path.join(tmpdir(), "headway-operations-"));
  folder = await mkdtemp(path.join(tmpdir(), "headway-sources-"));
  headway = await startHeadway({ HEADWAY_DATA_DIR: dataDir, HEADWAY_FILE_ROOTS: folder });
  api = new ApiClient(headway.url, headway.key);
});
afterAll(async () => {
  const { doctor } = await api.query<{ doctor: unknown[] }>("{ doctor { invariant detail } }");
  await api.close();
  await headway.stop();
  await Promise.all([dataDir, folder].map((one) => rm(one, { recursive: true, force: true })));
  expect(doctor).toEqual([]);
});

const LETTER = `<html><head><title>The letter</title></head><body><p>Ada Lovelace wrote to Charles Babbage from London.</p>
  <p>Charles Babbage answered from Cambridge.</p></body></html>`;
const NOTE = "# A note\n\nAda Lovelace read the answer of Charles Babbage in London.";
const DOCUMENTS = [
  { name: "letter.html", text: LETTER },
  { name: "note.md", text: NOTE },
];

async function run(id: string, options: object = {}, mode = "FULL"): Promise<Ended> {
  const jobId = await submit(api, id, "documents", { options, mode });
  await progressOf(api, jobId);
  const { job } = await api.query<{ job: any }>(
    `query ($id: ID!) { job(id: $id) { status mode summary { output stages { stage } }
       tasks(first: 100) { nodes { kind documentName status error { code message } history(first: 50) { nodes { reason } } } } } }`,
    { id: jobId },
  );
  const documents = job.tasks.nodes.filter(({ kind }: { kind: string }) => kind === "DOCUMENT");
  return {
    ...job,
    stages: job.summary.stages.map(({ stage }: { stage: string }) => stage),
    output: job.summary.output,
    tasks: Object.fromEntries(
      documents.map(({ documentName, status, error, history }: any) => [
        documentName,
        { status, error, reasons: history.nodes.map(({ reason }: { reason: string }) => reason) },
      ]),
    ),
  };
}

async function stand(id: string): Promise<Stand> {
  const { collection } = await api.query<{ collection: any }>(
    `query ($id: ID!) { collection(id: $id) { status documentCount chunkCount chunksWithEmbeddings embeddingCoverage
       canSubmit { allowed } warnings { code } entities(first: 50) { nodes { name } }
       documents(first: 100) { nodes { id name text metadata chunks { nodes { id text hasEmbedding } } } } } }`,
    { id },
  );
  const documents = collection.documents.nodes.map((document: Part) => [document.name, document]);
  const entities = collection.entities.nodes.map(({ name }: { name: string }) => name);
  return { ...collection, documents: Object.fromEntries(documents), entities };
}

async function hits(collectionId: string, query: string): Promise<string[]> {
  const { search } = await api.query<{ search: { chunk: { document: { name: string } } }[] }>(
    `query ($id: ID!, $query: String!) { search(collectionId: $id, query: $query, first: 5) { chunk { document { name } } } }`,
    { id: collectionId, query },
  );
  return search.map(({ chunk }) => chunk.document.name);
}

async function add(collectionId: string, documents: readonly object[]): Promise<void> {
  await api.mutate(
    "mutation ($input: AddDocumentsInput!) { addDocuments(input: $input) { documents { id } userErrors { code message } } }",
    { input: { collectionId, documents } },
  );
}

describe("a complete analysis", () => {
  test("makes text, chunks, embeddings, metadata and the graph, and the collection's figures say so", async () => {
    const id = await collectionOf(api, "complete", DOCUMENTS);
    expect(await stand(id)).toMatchObject({ status: "CREATED", chunkCount: 0, canSubmit: { allowed: true } });
    const ended = await run(id);
    expect(ended).toMatchObject({ status: "COMPLETED", output: { documents: 2, language: "eng" } });
    expect(ended.stages).toEqual(["download", "validate", "parse", "chunk", "embed", "store", "describe", "graph"]);
    const after = await stand(id);
    expect(after).toMatchObject({ status: "COMPLETED", documentCount: 2, embeddingCoverage: 1, warnings: [] });
    expect(after.chunksWithEmbeddings).toBe(after.chunkCount);
    expect(after.documents["letter.html"]).toMatchObject({
      metadata: { title: "The letter" },
      text: expect.stringContaining("Ada Lovelace wrote"),
    });
    expect(after.entities).toEqual(expect.arrayContaining(["Ada Lovelace", "Charles Babbage"]));
    expect((await hits(id, "who answered from Cambridge"))[0]).toBe("letter.html");
  });

  test.each<[string, object, string[], object]>([
    ["embeddings", { embeddings: false }, ["embed"], { chunksWithEmbeddings: 0, embeddingCoverage: 0 }],
    ["metadata", { metadata: false }, [], { embeddingCoverage: 1 }],
    ["graph", { graph: false }, ["graph"], { entities: [], embeddingCoverage: 1 }],
  ])("leaves out the %s that are switched off, and nothing else", async (what, options, stages, figures) => {
    const id = await collectionOf(api, `without ${what}`, DOCUMENTS);
    const ended = await run(id, options);
    expect(ended.status).toBe("COMPLETED");
    const all = ["download", "validate", "parse", "chunk", "embed", "store", "describe", "graph"];
    expect(ended.stages).toEqual(all.filter((stage) => !stages.includes(stage)));
    const after = await stand(id);
    expect(after).toMatchObject(figures);
    expect(after.chunkCount).toBeGreaterThanOrEqual(2);
    expect(after.documents["letter.html"]!.metadata.title).toBe(what === "metadata" ? undefined : "The letter");
    expect(after.entities.length > 0).toBe(what !== "graph");
  });
});

describe("an incremental update", () => {
  test("skips what is unchanged and keeps its chunks, does what has changed, and has none left of what was removed", async () => {
    const file = path.join(folder, "source.txt");
    await writeFile(file, "Grace Hopper found a moth in the relay.");
    const id = await collectionOf(api, "incremental", [
      ...DOCUMENTS,
      { name: "gone.txt", text: "Alan Turing is soon gone." },
      { name: "source.txt", uri: pathToFileURL(file).href },
    ]);
    expect((await run(id, {}, "INCREMENTAL")).status).toBe("COMPLETED");
    const before = await stand(id);
    const same = await run(id, {}, "INCREMENTAL");
    expect(same).toMatchObject({ status: "COMPLETED", mode: "INCREMENTAL" });
    expect(same.tasks["letter.html"]).toEqual({ status: "SKIPPED", error: null, reasons: ["UNCHANGED"] });
    // What is behind an address is known once it has been fetched: from RUNNING to SKIPPED.
    expect(same.tasks["source.txt"]).toEqual({
      status: "SKIPPED",
      error: null,
      reasons: ["SUBMITTED", "CLAIMED", "UNCHANGED"],
    });
    expect(await stand(id)).toEqual(before);

    await add(id, [{ name: "note.md", text: "# A note\n\nNobody wrote anything." }]);
    await writeFile(file, "Grace Hopper found two moths in the relay.");
    await api.mutate(
      `mutation ($c: ID!, $d: ID!) { removeDocuments(input: { collectionId: $c, documentIds: [$d] }) {
         removedIds userErrors { code message } } }`,
      { c: id, d: before.documents["gone.txt"]!.id },
    );
    const changed = await run(id, {}, "INCREMENTAL");
    const statuses = Object.entries(changed.tasks).map(([name, { status }]) => `${name} ${status}`);
    expect(statuses.sort()).toEqual(["letter.html SKIPPED", "note.md COMPLETED", "source.txt COMPLETED"]);
    const after = await stand(id);
    expect(after.documents["letter.html"]).toEqual(before.documents["letter.html"]);
    expect(after.documents["note.md"]!.text).toContain("Nobody wrote");
    expect(after.documents["source.txt"]!.text).toContain("two moths");
    expect(after.documents["gone.txt"]).toBeUndefined();
    expect(after.chunkCount).toBe(Object.values(after.documents).flatMap(({ chunks }) => chunks.nodes).length);
    expect(after.entities).toContain("Ada Lovelace");
    expect(after.entities).not.toContain("Alan Turing");
  });
});

describe("metadata only", () => {
  test("learns what documents are, and leaves text, chunks, embeddings and graph as they are", async () => {
    const id = await collectionOf(api, "metadata only", DOCUMENTS);
    await run(id, { metadata: false });
    const before = await stand(id);
    expect(before.documents["letter.html"]!.metadata).toEqual({});
    const ended = await run(id, { only: "metadata" });
    expect(ended).toMatchObject({ status: "COMPLETED", output: { documents: 2, language: "eng" } });
    expect(ended.output.characters).toBe(
      Object.values(before.documents).reduce((sum, { text }) => sum + text!.length, 0),
    );
    expect(ended.stages).toEqual(["download", "validate", "parse", "describe"]);
    const after = await stand(id);
    expect(after.documents["letter.html"]!.metadata).toMatchObject({ title: "The letter" });
    const bare = (one: Stand): unknown =>
      Object.values(one.documents).map((document) => ({ ...document, metadata: null }));
    expect(bare(after)).toEqual(bare(before));
    expect(after).toMatchObject({ embeddingCoverage: 1, entities: before.entities });
    // The results of the run before still stand.
    const next = await run(id, { metadata: false }, "INCREMENTAL");
    expect(Object.values(next.tasks).map(({ status }) => status)).toEqual(["SKIPPED", "SKIPPED"]);
  });

  test("of documents that were never read makes no text and no chunks", async () => {
    const id = await collectionOf(api, "metadata first", [...DOCUMENTS, { name: "blank.html", text: "<html></html>" }]);
    const { status, tasks } = await run(id, { only: "metadata" });
    expect({ status, tasks }).toMatchObject({ status: "COMPLETED", tasks: { "blank.html": { error: null } } });
    const after = await stand(id);
    expect(after).toMatchObject({ chunkCount: 0, chunksWithEmbeddings: 0 });
    expect(after.documents["letter.html"]).toMatchObject({ text: null, metadata: { title: "The letter" } });
  });
});

describe("embeddings only", () => {
  test("gives a vector to the chunks that are there, without fetching or parsing anything again", async () => {
    const file = path.join(folder, "fleeting.txt");
    await writeFile(file, "The lighthouse keeper counts the ships at dawn.");
    const id = await collectionOf(api, "embeddings only", [
      ...DOCUMENTS,
      { name: "fleeting.txt", uri: pathToFileURL(file).href },
    ]);
    await run(id, { embeddings: false });
    const before = await stand(id);
    expect(before).toMatchObject({ chunksWithEmbeddings: 0, embeddingCoverage: 0 });
    // By its words alone, and not by what it means.
    expect(await hits(id, "lighthouse")).toEqual(["fleeting.txt"]);
    await rm(file);
    const ended = await run(id, { only: "embeddings" });
    expect(ended).toMatchObject({ status: "COMPLETED", output: { documents: 3, chunks: before.chunkCount } });
    expect(ended.stages).toEqual(["recall", "embed", "store", "describe"]);
    const after = await stand(id);
    expect(after).toMatchObject({ chunkCount: before.chunkCount, embeddingCoverage: 1, entities: before.entities });
    const told = (one: Stand): unknown =>
      Object.values(one.documents).map(({ name, text, metadata, chunks: { nodes } }) => ({
        name,
        text,
        metadata,
        chunks: nodes.map((chunk) => chunk.text),
      }));
    expect(told(after)).toEqual(told(before));
    expect((await hits(id, "lighthouse keeper"))[0]).toBe("fleeting.txt");
    const again = await run(id, { only: "embeddings" }, "INCREMENTAL");
    expect(again.tasks).toMatchObject({ "letter.html": { status: "SKIPPED" }, "note.md": { status: "SKIPPED" } });
    expect(await stand(id)).toMatchObject({ chunkCount: before.chunkCount, embeddingCoverage: 1 });
  });

  test("fails the document that was never read, or has changed since, and says what to do; the rest goes on", async () => {
    const id = await collectionOf(api, "embeddings too early", DOCUMENTS);
    await run(id, { embeddings: false });
    await add(id, [
      { name: "note.md", text: "It says something else now." },
      { name: "new.txt", text: "Nobody has read this." },
    ]);
    const { status, tasks } = await run(id, { only: "embeddings" });
    expect(status).toBe("COMPLETED_WITH_ERRORS");
    expect(tasks).toMatchObject({
      "letter.html": { status: "COMPLETED" },
      "note.md": { status: "FAILED", error: { code: "NO_TEXT" } },
      "new.txt": { status: "FAILED", error: { code: "NO_TEXT" } },
    });
    const { warnings } = await stand(id);
    expect(warnings.length).toBeGreaterThan(0);
  });
});

test("headway status names what can be done for the chunks without a vector, and the command that it names does it", async () => {
  const id = await collectionOf(api, "on the command line", DOCUMENTS);
  await run(id, { embeddings: false });
  const settings = { HEADWAY_URL: headway.url, HEADWAY_KEY: headway.key };
  const before = await command(["status", "on the command line"], settings);
  expect(before.stdout).toMatch(/^on the command line {2}COMPLETED for \d+\.\d s\n/);
  expect(before.stdout).toMatch(/since +\d{4}-\d\d-\d\d \S+Z, ALL_TASKS_SETTLED by \S+/);
  expect(before.stdout).toMatch(/chunks +\d+, 0 with embeddings \(0 %\)/);
  const named = /^ {2}embed +headway (submit --pipeline documents --collection \S+ --options) '(\S+)'$/m.exec(
    before.stdout,
  )!;
  const embed = await command([...named[1]!.split(" "), named[2]!, "--watch"], settings);
  expect(embed).toMatchObject({ code: 0, stderr: "" });
  expect(embed.stdout).toContain('Nothing new was sent to collection "on the command line".');
  const after = await command(["status", id], settings);
  expect(after.stdout).toMatch(/chunks +(\d+), \1 with embeddings \(100 %\)/);
  expect(after.stdout).not.toMatch(/^ {2}embed /m);
});

test.each([
  [{ only: "embeddings", embeddings: false }, 'options.only: is "embeddings", which is also switched off'],
  [{ only: "metadata", metadata: false }, 'options.only: is "metadata", which is also switched off'],
  [{ only: "text" }, "options.only:"],
])("the options %j are refused", async (options, message) => {
  const collectionId = await collectionOf(api, `refused ${JSON.stringify(options)}`, DOCUMENTS);
  await expect(submit(api, collectionId, "documents", { options })).rejects.toThrow(message);
  expect(await stand(collectionId)).toMatchObject({ status: "CREATED" });
});
