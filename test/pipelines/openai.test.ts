import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { ApiClient } from "../../src/cli/client.js";
import { OpenAiEmbedder } from "../../src/pipelines/embedding/openai.js";
import { askOpenAi } from "../../src/pipelines/openai-client.js";
import { collectionOf, progressOf, submit } from "../scenarios/main-job.js";
import { startOpenAi, type OpenAiTestServer, type Trouble } from "../support/openai-server.js";
import { ROOT, startHeadway } from "../support/processes.js";

const KEY = "sk-only-for-this-test";
const MEDIA = path.join(ROOT, "test", "fixtures", "media");

let openAi: OpenAiTestServer;
beforeEach(async () => {
  openAi = await startOpenAi(KEY);
});
afterEach(() => openAi.close());

function embedder(more: { key?: string; timeoutMs?: number } = {}): OpenAiEmbedder {
  const { key = KEY, ...options } = more;
  return new OpenAiEmbedder({ url: openAi.url, key, model: "tiny" }, options);
}

describe("the openai embedder", () => {
  test("asks in batches and gives each text its own vector, in whatever order they come back", async () => {
    const texts = Array.from({ length: 150 }, (_, index) => `text number ${index}`);
    const all = await embedder().embed(texts);
    expect(openAi.requests.map(({ input }) => (input as { input: string[] }).input.length)).toEqual([64, 64, 22]);
    expect(openAi.requests[0]!.input).toMatchObject({ model: "tiny", encoding_format: "float" });
    const [alone] = await embedder().embed([texts[100]!]);
    expect([...all[100]!]).toEqual([...alone!]);
    expect(all[0]!.length).toBe(alone!.length);
  });

  test("waits as long as a 429 asks", async () => {
    openAi.troubles.push({ status: 429, retryAfter: "1.2" });
    expect(await embedder().embed(["patience"])).toHaveLength(1);
    const [first, second] = openAi.requests;
    expect(second!.at - first!.at).toBeGreaterThanOrEqual(1_200);
  });

  test.each<[string, Trouble]>([
    ["a 503", { status: 503 }],
    ["a cut connection", "cut"],
    ["silence", "silent"],
    ["what is not JSON", { body: "<html>busy</html>" }],
  ])("tries again after %s", async (_, trouble) => {
    openAi.troubles.push(trouble);
    expect(await embedder({ timeoutMs: 300 }).embed(["again"])).toHaveLength(1);
    expect(openAi.requests).toHaveLength(2);
  });

  test("does not ask again what will be refused again, and says what the server said", async () => {
    openAi.troubles.push({ status: 400, message: "This model takes no such input." });
    await expect(embedder().embed(["x"])).rejects.toMatchObject({
      code: "OPENAI_REFUSED",
      message: expect.stringContaining("400: This model takes no such input."),
    });
    await expect(embedder({ key: "wrong" }).embed(["x"])).rejects.toMatchObject({
      code: "OPENAI_REFUSED",
      details: { status: 401 },
    });
    expect(openAi.requests).toHaveLength(1);
  });

  test("asks to be tried later where it would have to wait for more than two seconds", async () => {
    openAi.troubles.push({ status: 429, retryAfter: "3600", message: "Slow down." });
    await expect(embedder().embed(["x"])).rejects.toMatchObject({
      name: "RetryLater",
      delayMs: 3_600_000,
      message: expect.stringContaining("429: Slow down."),
    });
    expect(openAi.requests).toHaveLength(1);
  });

  test.each([
    ["too few vectors", { data: [] }, "0 vectors for 1 texts"],
    ["no numbers", { data: [{ index: 0, embedding: ["a"] }] }, "no vector of numbers at 0"],
    ["a place that is none", { data: [{ index: 7, embedding: [1] }] }, "not one vector for each text"],
  ])("refuses an answer with %s", async (_, body, message) => {
    openAi.troubles.push({ body: JSON.stringify(body) });
    await expect(embedder().embed(["x"])).rejects.toMatchObject({
      code: "EMBEDDING_FAILED",
      message: expect.stringContaining(message),
    });
  });

  test("stops at once when its signal is aborted, while it waits too", async () => {
    openAi.troubles.push({ status: 429, retryAfter: "2" });
    const stop = new AbortController();
    const embedding = embedder().embed(["x"], stop.signal);
    while (openAi.requests.length === 0) await new Promise((resolve) => setImmediate(resolve));
    stop.abort(new Error("enough"));
    await expect(embedding).rejects.toThrow("enough");
  });

  test("takes its key nowhere else: a redirect is not followed", async () => {
    openAi.troubles.push({ status: 307 });
    const asked = askOpenAi(
      { url: openAi.url, key: KEY, model: "tiny" },
      { path: "/embeddings", body: () => ({ content: '{"input":["x"]}' }), timeoutMs: 1_000 },
    );
    await expect(asked).rejects.toMatchObject({ code: "OPENAI_REFUSED", details: { status: 307 } });
    expect(openAi.requests).toHaveLength(1);
  });
});

describe("a server with an OpenAI-compatible address", () => {
  let dataDir: string;
  beforeEach(async () => {
    dataDir = await mkdtemp(path.join(tmpdir(), "headway-openai-"));
  });
  afterEach(() => rm(dataDir, { recursive: true, force: true }));

  test("writes down what is said, finds it by its vectors, and never shows the key", async () => {
    const headway = await startHeadway({
      HEADWAY_DATA_DIR: dataDir,
      HEADWAY_FILE_ROOTS: MEDIA,
      HEADWAY_EMBEDDER: "openai",
      HEADWAY_OPENAI_URL: openAi.url,
      HEADWAY_OPENAI_KEY: KEY,
      HEADWAY_TRANSCRIBER_URL: openAi.url,
      HEADWAY_TRANSCRIBER_KEY: KEY,
    });
    const api = new ApiClient(headway.url, headway.key);
    try {
      openAi.troubles.push({ status: 429, retryAfter: "0.1" }, { status: 500 });
      const collectionId = await collectionOf(api, "heard", [
        { name: "tone.mp3", uri: pathToFileURL(path.join(MEDIA, "tone.mp3")).href },
        { name: "note.txt", text: "Ships leave the harbour at dawn." },
      ]);
      const states = await progressOf(api, await submit(api, collectionId, "documents"));
      expect(states.at(-1)).toMatchObject({ status: "COMPLETED" });
      expect(openAi.requests.find(({ path: asked }) => asked.endsWith("/transcriptions"))!.input).toMatchObject({
        model: "whisper-1",
        name: "tone.mp3",
        type: "audio/mpeg",
      });
      const found = await api.query(
        `query ($id: ID!) { search(collectionId: $id, query: "recording tone.mp3", first: 1) { chunk { text document { name lastTask { warnings { code } } } } } }`,
        { id: collectionId },
      );
      expect(found).toMatchObject({
        search: [
          {
            chunk: {
              text: expect.stringMatching(/^The recording tone\.mp3 is audio\/mpeg and has \d+ bytes\.$/),
              document: { name: "tone.mp3", lastTask: { warnings: [] } },
            },
          },
        ],
      });
      expect(headway.output()).not.toContain(KEY);
    } finally {
      await api.close();
      await headway.stop();
    }
  });

  test("fails a document at embed with what the server says, and warns of a recording it does not take", async () => {
    const headway = await startHeadway({
      HEADWAY_DATA_DIR: dataDir,
      HEADWAY_FILE_ROOTS: MEDIA,
      HEADWAY_EMBEDDER: "openai",
      HEADWAY_OPENAI_URL: openAi.url,
      HEADWAY_OPENAI_KEY: "sk-revoked",
      HEADWAY_TRANSCRIBER_URL: openAi.url,
      HEADWAY_TRANSCRIBER_KEY: KEY,
    });
    const api = new ApiClient(headway.url, headway.key);
    try {
      openAi.troubles.push({ status: 413, message: "Too long." });
      const collectionId = await collectionOf(api, "refused", [
        { name: "tone.wav", uri: pathToFileURL(path.join(MEDIA, "tone.wav")).href },
        { name: "note.txt", text: "Ships leave the harbour at dawn." },
      ]);
      await progressOf(api, await submit(api, collectionId, "documents"));
      const { collection } = await api.query<{ collection: object }>(
        `query ($id: ID!) { collection(id: $id) { lastJob { status tasks { nodes { documentName status warnings { code message } error { code stage message } } } } } }`,
        { id: collectionId },
      );
      expect(collection).toMatchObject({
        lastJob: {
          status: "COMPLETED_WITH_ERRORS",
          tasks: {
            nodes: expect.arrayContaining([
              expect.objectContaining({
                documentName: "tone.wav",
                status: "COMPLETED",
                warnings: [{ code: "NOT_TRANSCRIBED", message: expect.stringContaining("Too long.") }],
              }),
              expect.objectContaining({
                documentName: "note.txt",
                status: "FAILED",
                error: {
                  code: "OPENAI_REFUSED",
                  stage: "embed",
                  message: expect.stringContaining("401: Incorrect API key provided."),
                },
              }),
            ]),
          },
        },
      });
    } finally {
      await api.close();
      await headway.stop();
    }
  });
});
