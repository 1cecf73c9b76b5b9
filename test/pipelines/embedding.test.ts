import { execFileSync } from "node:child_process";
import type { Embedder } from "../../src/pipelines/embedding/embedder.js";
import { createEmbedder } from "../../src/pipelines/embedding/create-embedder.js";
import { until } from "../support/until.js";

const QUESTION = "How do I get my money back?";
const NEAR = "Refunds are paid to the card within five days.";
const FAR = "The glacier retreats by thirty metres a year.";

/** Some ten seconds of work. */
const LONG = Array.from({ length: 64 }, () => "word ".repeat(150));

function cosine(a: Float32Array, b: Float32Array): number {
  let [dot, x, y] = [0, 0, 0];
  for (let i = 0; i < a.length; i += 1) {
    dot += a[i]! * b[i]!;
    x += a[i]! ** 2;
    y += b[i]! ** 2;
  }
  return dot / Math.sqrt(x * y);
}

function children(): string[] {
  const rows = execFileSync("ps", ["-eo", "pid,ppid,stat,args"], { encoding: "utf8" }).split("\n");
  return rows.filter((row) => row.trim().split(/\s+/)[1] === String(process.pid) && row.includes("local-child"));
}

describe.each(["local", "hash"] as const)("the %s embedder", (kind) => {
  let embedder: Embedder;
  beforeAll(() => {
    embedder = createEmbedder(kind);
  });
  afterAll(() => embedder.close());

  test("gives each text a vector of its dimensions, in order, the same each time", async () => {
    const texts = Array.from({ length: 20 }, (_, i) => `Document number ${i} speaks of ${i % 2 ? "ships" : "trees"}.`);
    const vectors = await embedder.embed(texts);
    expect(vectors.map((vector) => vector.length)).toEqual(texts.map(() => embedder.dimensions));
    const [again] = await embedder.embed([texts[7]!]);
    expect(cosine(again!, vectors[7]!)).toBeGreaterThan(0.999);
    expect(vectors.flatMap((vector) => [...vector]).every(Number.isFinite)).toBe(true);
  });

  test("does nothing once its signal is aborted, and says the signal's reason", async () => {
    await expect(embedder.embed(["late"], AbortSignal.abort(new Error("enough")))).rejects.toThrow("enough");
  });
});

describe("the local embedder", () => {
  test("knows meanings and not only words", async () => {
    const embedder = createEmbedder("local");
    try {
      const [question, near, far] = await embedder.embed([QUESTION, NEAR, FAR]);
      expect(question).toHaveLength(512);
      expect(cosine(question!, near!)).toBeGreaterThan(cosine(question!, far!) + 0.1);
    } finally {
      await embedder.close();
    }
  });

  test("stops in the middle when its signal is aborted", async () => {
    const embedder = createEmbedder("local");
    try {
      const stop = new AbortController();
      const work = expect(embedder.embed(LONG, stop.signal)).rejects.toThrow("enough");
      stop.abort(new Error("enough"));
      await work;
    } finally {
      await embedder.close();
    }
  });

  test("leaves no process behind once closed, and refuses further work", async () => {
    const embedder = createEmbedder("local");
    await embedder.embed(["warm"]);
    expect(children()).toHaveLength(1);
    await embedder.close();
    await until("its process is gone", () => children().length === 0);
    await expect(embedder.embed(["late"])).rejects.toThrow("The embedder has been closed.");
  });

  test("fails what is under way when its process dies, and starts another for the next request", async () => {
    const embedder = createEmbedder("local");
    try {
      await embedder.embed(["warm"]);
      const work = expect(embedder.embed(LONG)).rejects.toThrow(
        /process of the local embedder is gone: it ended with SIGKILL/,
      );
      process.kill(Number(children()[0]!.trim().split(/\s+/)[0]), "SIGKILL");
      await work;
      expect(await embedder.embed(["once more"])).toHaveLength(1);
    } finally {
      await embedder.close();
    }
  });
});
