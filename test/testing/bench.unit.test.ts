import { Readable } from "node:stream";
import {
  definePipeline,
  PermanentError,
  pipeline,
  RetryLater,
  z,
  type ChunkDraft,
  type Pipeline,
} from "../../src/index.js";
import { runPipeline, runStage } from "../../src/testing.js";

const wordCount = pipeline({
  name: "word-count",
  version: 1,
  options: z.strictObject({ ignoreCase: z.boolean().default(true) }),
})
  .document("read", { run: async (ctx) => ({ text: await ctx.document.text() }) })
  .document("count", {
    maxAttempts: 3,
    run: async (ctx) => {
      const text = ctx.options.ignoreCase ? ctx.input.text.toLowerCase() : ctx.input.text;
      const words = text.split(/\s+/).filter((word) => word !== "");
      if (words.length === 0) throw new PermanentError("EMPTY", "There is nothing to count; send some text.");
      return { words: words.length, different: new Set(words).size };
    },
  })
  .collection("total", {
    run: async (ctx) => {
      let words = 0;
      for await (const { output } of ctx.documentOutputs("count")) words += output.words;
      await ctx.artifacts.write("total.json", JSON.stringify({ words }), "application/json");
      return { words };
    },
  })
  .build();

/** A pipeline of one document stage, `work`, and what it is given. */
const one = (stage: Parameters<ReturnType<typeof pipeline>["document"]>[1] | object): Pipeline =>
  pipeline({ name: "one", version: 1 })
    .document("work", stage as never)
    .build();
const chunk = (ordinal: number, more: Partial<ChunkDraft> = {}): ChunkDraft => ({
  ordinal,
  text: "t",
  startOffset: 0,
  endOffset: 1,
  ...more,
});
/** Whatever it waits for, nothing here takes so long. */
const NEVER = new Promise<never>(() => undefined);

describe("runStage", () => {
  test("runs one stage with the input and the options given", async () => {
    const counted = await runStage(wordCount, "count", { text: "One two one" });
    expect(counted).toMatchObject({ status: "COMPLETED", output: { words: 3, different: 2 }, error: null, attempt: 1 });
    const exact = await runStage(wordCount, "count", { text: "One two one" }, { options: { ignoreCase: false } });
    expect(exact.output).toEqual({ words: 3, different: 3 });
  });

  test("gives the stage its document, its collection, its tags and its try", async () => {
    const seen = one({
      run: async (ctx: any) => {
        const { name, mediaType, sizeBytes, metadata } = ctx.document;
        const bytes = (await ctx.document.bytes()).length;
        let streamed = 0;
        for await (const part of await ctx.document.stream()) streamed += part.length;
        const { sha256 } = await ctx.document.fetch();
        const { collection, attempt, job } = ctx;
        return { name, mediaType, sizeBytes, metadata, bytes, streamed, sha256, tags: job.tags, attempt, collection };
      },
    });
    const { output } = await runStage(seen, "work", null, {
      document: { name: "a.txt", content: "abc", mediaType: "text/plain", metadata: { owner: "me" } },
      collection: { name: "letters", metadata: { year: 2026 } },
      tags: ["t"],
      attempt: 2,
    });
    expect(output).toMatchObject({
      name: "a.txt",
      mediaType: "text/plain",
      sizeBytes: 3,
      metadata: { owner: "me" },
      bytes: 3,
      streamed: 3,
      sha256: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
      tags: ["t"],
      attempt: 2,
      collection: { name: "letters", metadata: { year: 2026 } },
    });
  });

  test("records progress, warnings, artifacts, text, chunks, metadata and lines of the log", async () => {
    const busy = one({
      run: async (ctx: any) => {
        ctx.progress(0.5, "half");
        ctx.progress(0.2);
        ctx.warn("ODD", "It is odd.", { pages: [1, 2] });
        ctx.warn("ODD", "It is odd.");
        ctx.logger.info({ rows: 3 }, "read");
        ctx.setMetadata({ title: "T" });
        ctx.setMediaType("text/markdown");
        await ctx.setText("some text");
        await ctx.chunks.replace([chunk(0), chunk(1, { embedding: new Float32Array([1]) })]);
        await ctx.artifacts.write("a.txt", "first", "text/plain");
        await ctx.artifacts.write("a.txt", Readable.from(["sec", "ond"]), "text/plain");
        let staged = 0;
        for await (const { embedding } of ctx.chunks.staged()) staged += embedding ? 1 : 0;
        return { staged, text: await ctx.stagedText() };
      },
      check: (_: unknown, staged: object) => expect(staged).toEqual({ chunks: 2, embedded: 1 }),
    });
    const result = await runStage(busy, "work");
    expect(result).toMatchObject({
      status: "COMPLETED",
      output: { staged: 1, text: "some text" },
      progress: [
        { stage: "work", fraction: 0.5, message: "half" },
        { stage: "work", fraction: 0.5, message: "half" },
      ],
      warnings: [{ code: "ODD", message: "It is odd.", count: 2, pages: [1, 2] }],
      logs: [{ stage: "work", level: "info", message: "read", fields: { rows: 3 } }],
      metadata: { title: "T" },
      mediaType: "text/markdown",
      text: "some text",
    });
    expect(result.chunks).toHaveLength(2);
    expect(result.artifacts.map(({ name, bytes }) => [name, bytes.toString()])).toEqual([["a.txt", "second"]]);
  });

  test("ends a try as a worker does where its stage puts itself off for longer than it may", async () => {
    const later = one({
      retryLaterForMs: 60_000,
      run: (ctx: any) => {
        throw new RetryLater(ctx.attempt === 1 ? 59_000 : 61_000, "busy");
      },
    });
    expect(await runStage(later, "work")).toMatchObject({ error: { code: "RETRY_LATER" }, retryInMs: 59_000 });
    expect(await runStage(later, "work", null, { attempt: 2 })).toMatchObject({
      status: "FAILED",
      error: { code: "RETRY_LATER_EXHAUSTED" },
      retryInMs: null,
    });
  });

  test("tells what a stage throws, with its stack, and keeps no artifact of it; metadata stays, as with a worker", async () => {
    const broken = one({
      run: async (ctx: any) => {
        ctx.setMetadata({ seen: true });
        await ctx.artifacts.write("a.txt", "x", "text/plain");
        throw new TypeError("wrong");
      },
    });
    const result = await runStage(broken, "work");
    expect(result).toMatchObject({
      status: "FAILED",
      output: null,
      error: { cause: "HANDLER_THREW", code: "HANDLER_ERROR", message: "wrong", retryable: true },
      artifacts: [],
      metadata: { seen: true },
    });
    expect(result.error!.stack).toContain("bench.unit.test");
    expect((await runStage(wordCount, "count", { text: " " })).error).toMatchObject({
      cause: "PERMANENT_ERROR",
      code: "EMPTY",
      message: "There is nothing to count; send some text.",
      retryable: false,
    });
  });

  test.each([
    ["an output that its check refuses", { run: async () => 1, check: () => false }, "OUTPUT_REJECTED"],
    ["an output that can't be kept", { run: async () => ({ n: 1n }) }, "OUTPUT_UNSTORABLE"],
    ["an output of more than 1 MB", { run: async () => "x".repeat(1_000_001) }, "OUTPUT_UNSTORABLE"],
    ["chunks with a gap", { run: (ctx: any) => ctx.chunks.replace([chunk(1)]) }, "OUTPUT_UNSTORABLE"],
    ["no name of a file", { run: (ctx: any) => ctx.artifacts.write("a/b", "", "text/plain") }, "ARTIFACT_NAME"],
    [
      "a throw before the first await",
      {
        run: () => {
          throw new Error("at once");
        },
      },
      "HANDLER_ERROR",
    ],
  ])("refuses what a worker refuses: %s", async (_what, stage, code) => {
    expect(await runStage(one(stage), "work")).toMatchObject({ status: "FAILED", error: { code } });
  });

  test("ends a stage that takes too long, and tells it by its signal", async () => {
    let told: unknown;
    const slow = {
      timeoutMs: 20,
      run: async (ctx: any) => {
        ctx.signal.addEventListener("abort", () => (told = ctx.signal.reason));
        return NEVER;
      },
    };
    expect(await runStage(one(slow), "work")).toMatchObject({ status: "FAILED", error: { cause: "TIMED_OUT" } });
    expect(String(told)).toContain("timed out");
    // A child process is stopped from outside, which is another cause; and the test may give a limit of its own.
    const isolated = one({ ...slow, isolate: true, timeoutMs: 300_000 });
    expect((await runStage(isolated, "work", null, { timeoutMs: 20 })).error).toMatchObject({ code: "RESOURCE_LIMIT" });
  });

  test("is ended by the test's signal, also by one that has aborted before", async () => {
    const abort = new AbortController();
    const waits = one({
      run: async (ctx: any) => {
        abort.abort();
        expect(ctx.signal.aborted).toBe(true);
        return NEVER;
      },
    });
    const result = await runStage(waits, "work", null, { signal: abort.signal });
    expect(result).toMatchObject({ status: "CANCELLED", error: { cause: "INTERRUPTED", code: "INTERRUPTED" } });
    expect((await runStage(waits, "work", null, { signal: abort.signal })).status).toBe("CANCELLED");
  });

  test("gives a stage what earlier ones have staged, and what readers see already", async () => {
    const takes = one({
      run: async (ctx: any) => ({
        before: await ctx.stagedText(),
        kept: await ctx.stageKept(),
        after: await ctx.stagedText(),
      }),
    });
    const surroundings = { staged: { text: "staged" }, kept: { text: "kept", chunks: [chunk(0)] } };
    expect((await runStage(takes, "work", null, surroundings)).output).toEqual({
      before: "staged",
      kept: { characters: 4, chunks: 1, embedded: 0 },
      after: "kept",
    });
    expect((await runStage(takes, "work")).output).toEqual({ before: null, kept: null, after: null });
  });

  test("gives a collection stage the documents, and outputs of those that completed or were skipped", async () => {
    const asks = pipeline({ name: "asks", version: 1 })
      .document("count", { run: async () => ({ words: 1 }) })
      .collection("total", {
        run: async (ctx) => {
          const names: string[] = [];
          for await (const { name, status, error } of ctx.documents()) names.push(`${name} ${error?.code ?? status}`);
          let words = 0;
          for await (const { output } of ctx.documentOutputs("count")) words += output.words;
          await ctx.entities.replace([]);
          return { names, words, text: await ctx.documentText("document-2") };
        },
      })
      .build();
    const error = { stage: "count", code: "EMPTY", message: "m" };
    const result = await runStage(asks, "total", null, {
      documents: [
        { name: "a", outputs: { count: { words: 2 } } },
        { name: "b", status: "SKIPPED", outputs: { count: { words: 3 } }, text: "text of b" },
        { name: "c", status: "FAILED", error, outputs: { count: { words: 100 } } },
      ],
    });
    expect(result.output).toEqual({ names: ["a COMPLETED", "b SKIPPED", "c EMPTY"], words: 5, text: "text of b" });
    expect(result.entities).toEqual([]);
  });

  test("says which stages there are, and what is wrong with the options", async () => {
    await expect(runStage(wordCount, "cuont")).rejects.toThrow('has no stage "cuont"; it has read, count, total.');
    await expect(runStage(wordCount, "count", null, { options: { ignorecase: true } })).rejects.toMatchObject({
      code: "INVALID_OPTIONS",
      message: expect.stringContaining("ignorecase"),
    });
  });
});

describe("runPipeline", () => {
  test("runs all stages over all files, and ends as the job would", async () => {
    const result = await runPipeline(wordCount, { "a.txt": "one two", "b.txt": Buffer.from("Three") });
    expect(result).toMatchObject({ status: "COMPLETED", output: { words: 3 } });
    expect(result.documents.map(({ name, status, outputs }) => [name, status, outputs.count])).toEqual([
      ["a.txt", "COMPLETED", { words: 2, different: 2 }],
      ["b.txt", "COMPLETED", { words: 1, different: 1 }],
    ]);
    expect(result.collection!.artifacts.map(({ name, bytes }) => [name, bytes.toString()])).toEqual([
      ["total.json", '{"words":3}'],
    ]);
  });

  test("goes on without the documents that fail, and tells them", async () => {
    const result = await runPipeline(wordCount, { "a.txt": "one", "empty.txt": " " });
    expect(result).toMatchObject({ status: "COMPLETED_WITH_ERRORS", output: { words: 1 } });
    expect(result.documents[1]).toMatchObject({ status: "FAILED", error: { stage: "count", code: "EMPTY" } });
  });

  test("has nothing to collect where every document fails", async () => {
    const result = await runPipeline(wordCount, { "empty.txt": "" });
    expect(result).toMatchObject({ status: "FAILED", output: null, collection: { status: "SKIPPED", attempts: [] } });
  });

  test("tries a stage as often as it says, and no more often where it says that it is of no use", async () => {
    let tries = 0;
    const flaky = one({
      maxAttempts: 3,
      run: async (ctx: any) => {
        tries += 1;
        if (ctx.attempt < 3) throw new Error(`not yet, try ${ctx.attempt}`);
        return { tries };
      },
    });
    const [document] = (await runPipeline(flaky, [{ name: "a", content: "" }])).documents;
    expect(document!.attempts.map(({ attempt, status }) => [attempt, status])).toEqual([
      [1, "FAILED"],
      [2, "FAILED"],
      [3, "COMPLETED"],
    ]);
    const failing = one({ maxAttempts: 2, run: async () => Promise.reject(new Error("never")) });
    expect((await runPipeline(failing, { a: "" })).documents[0]!.attempts).toHaveLength(2);
    expect((await runPipeline(wordCount, { a: "" })).documents[0]!.attempts).toHaveLength(2);
  });

  test("leaves out the stages that `when` leaves out, and passes the input on", async () => {
    const some = pipeline({ name: "some", version: 1, options: z.object({ loud: z.boolean().default(false) }) })
      .document("read", { run: async (ctx) => ({ text: await ctx.document.text() }) })
      .document("shout", { when: ({ loud }) => loud, run: async ({ input }) => ({ text: input.text.toUpperCase() }) })
      .document("keep", { run: async ({ input }) => ({ kept: input.text }) })
      .collection("never", { when: () => false, run: async () => null })
      .build();
    const result = await runPipeline(some, { a: "x" });
    expect(result.documents[0]!.outputs).toEqual({ read: { text: "x" }, keep: { kept: "x" } });
    expect(result.collection).toBeNull();
    const loud = await runPipeline(some, { a: "x" }, { options: { loud: true } });
    expect(loud.documents[0]!.outputs.keep).toEqual({ kept: "X" });
  });

  test("puts together what collection stages return as a job's summary does", async () => {
    const of = (...outputs: readonly unknown[]): Pipeline =>
      definePipeline({
        name: "many",
        version: 1,
        collectionStages: outputs.map((output, index) => ({ name: `s${index}`, run: async () => output })),
      });
    const summary = async (...outputs: readonly unknown[]): Promise<unknown> =>
      (await runPipeline(of(...outputs), { a: "" })).output;
    expect(await summary({ a: 1, b: 1 }, { b: 2 })).toEqual({ a: 1, b: 2 });
    expect(await summary({ a: 1 }, [2])).toEqual([2]);
    expect(await summary({ a: 1 }, null)).toBeNull();
    expect(await summary({ a: 1 }, 1n)).toBeNull();
    expect((await runPipeline(of({ a: 1 }, 1n), { a: "" })).status).toBe("FAILED");
  });

  test("passes on what is kept of an output and not what was returned", async () => {
    const dates = one({ run: async () => ({ at: new Date(0), gone: undefined }) });
    const { outputs } = (await runPipeline(dates, { a: "" })).documents[0]!;
    expect(outputs.work).toStrictEqual({ at: "1970-01-01T00:00:00.000Z" });
  });

  test("ends as CANCELLED where the test aborts it", async () => {
    const abort = new AbortController();
    const result = await runPipeline(
      one({ run: async () => (abort.abort(), NEVER) }),
      { a: "", b: "" },
      { signal: abort.signal },
    );
    expect(result.status).toBe("CANCELLED");
    expect(result.documents.map(({ status }) => status)).toEqual(["CANCELLED", "CANCELLED"]);
  });
});

test("gives a stage the secrets that it names, and refuses one that was not given", async () => {
  const names = one({ secrets: ["API_KEY"], run: async (ctx: any) => ctx.secrets });
  const given = { API_KEY: "k", OTHER: "o" };
  expect((await runStage(names, "work", null, { secrets: given })).output).toEqual({ API_KEY: "k" });
  const forgets = one({ run: async (ctx: any) => ctx.secrets });
  expect((await runStage(forgets, "work", null, { secrets: given })).output).toEqual({});
  const { error } = await runStage(names, "work", null, {});
  expect(error!.message).toBe('Stage "work" asks for secrets that were not given: API_KEY. Add them to secrets.');
});

test("gives the stages of a pipeline the secrets of the test", async () => {
  const asks = one({ secrets: ["API_KEY"], run: async (ctx: any) => ctx.secrets });
  const { documents } = await runPipeline(asks, { a: "" }, { secrets: { API_KEY: "k" } });
  expect(documents[0]!.outputs.work).toEqual({ API_KEY: "k" });
});
