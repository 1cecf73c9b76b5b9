import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { HeadwayError, PermanentError } from "../../src/errors.js";
import type { CollectionContext, DocumentContext } from "../../src/pipelines/pipeline.js";
import { hostFor, snapshotOf, type SandboxCall } from "../../src/worker/sandbox-protocol.js";
import { Sandbox, type SandboxOptions } from "../../src/worker/sandbox.js";
import { slackMs } from "../support/slack.js";
import { until } from "../support/until.js";
import { BYTES, callOf, collectionContext, documentContext, nothingTold } from "./fixtures/sandbox-calls.js";

// Children start in a fraction of a second, and in several on a busy machine.

const logger = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
const opened: Sandbox[] = [];
function sandboxOf(options: Partial<SandboxOptions> = {}): Sandbox {
  const made = new Sandbox({
    childEntry: new URL("./fixtures/sandbox-child.js", import.meta.url),
    concurrency: 2,
    environment: { PATH: process.env["PATH"], DATABASE_URL: "postgres://secret", TZ: "UTC", NODE_OPTIONS: "--inspect" },
    logger,
    ...options,
  });
  opened.push(made);
  return made;
}
afterAll(async () => {
  await Promise.all(opened.map((sandbox) => sandbox.close()));
});

const shared = sandboxOf();
function run(
  stage: string,
  options: {
    call?: Partial<SandboxCall>;
    ctx?: DocumentContext | CollectionContext;
    sandbox?: Sandbox;
    signal?: AbortSignal;
  } = {},
): Promise<unknown> {
  const { call, ctx = documentContext(), sandbox = shared, signal = new AbortController().signal } = options;
  return sandbox.run(callOf(stage, call), hostFor(ctx), signal);
}
async function failure(work: Promise<unknown>): Promise<HeadwayError> {
  return work.then(
    () => Promise.reject(new Error("It did not fail.")),
    (error: HeadwayError) => error,
  );
}
interface ChildFacts {
  readonly pid: number;
  readonly calls: number;
  readonly env: Record<string, string>;
}
/** What Linux says of a process: its state, and the ticks of processor time it has had. Null where there is none. */
function processFacts(pid: number): { readonly state: string; readonly ticks: number } | null {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
    return { state: fields[0] ?? "", ticks: Number(fields[11]) };
  } catch {
    return null;
  }
}
/** Dead, or a zombie that nobody in this container takes care of. */
function isGone(pid: number): boolean {
  const facts = processFacts(pid);
  return facts === null || facts.state === "Z" || facts.state === "X";
}

describe("a stage in a child process", () => {
  test("gets its plain facts and gives its output back", async () => {
    const output = await run("echo");
    expect(output).toEqual({
      input: { words: 3 },
      options: { deep: true },
      attempt: 2,
      stage: "echo",
      name: "letter.txt",
      tags: ["a"],
    });
    expect(await run("nothing")).toBeUndefined();
  });

  test("reads the document and sets its facts", async () => {
    const told = nothingTold();
    expect(await run("document", { ctx: documentContext({}, told) })).toEqual({
      fetched: { sizeBytes: BYTES.length, sha256: "00ff" },
      bytes: BYTES.length,
      streamed: BYTES.length,
      text: "decoded",
      sizeBytes: BYTES.length,
      sha256: "00ff",
      mediaType: "text/plain",
      metadata: { from: "us", pages: 2 },
    });
    expect(told.all).toEqual([
      ["setMetadata", { pages: 2 }],
      ["setMediaType", "text/plain"],
    ]);
  });

  test("may stop reading early", async () => {
    expect(await run("readsABit")).toEqual({ first: expect.any(Number) });
  });

  test("stages text and chunks with their vectors, and reads them again", async () => {
    const told = nothingTold();
    const output = await run("content", { ctx: documentContext({}, told) });
    const kept = { characters: 8, chunks: 230, embedded: 0 };
    expect(output).toEqual({ text: "the text", sum: (229 * 230) / 2, isFloat: true, kept });
    expect(told.chunks.map((chunk) => chunk.ordinal)).toEqual(Array.from({ length: 230 }, (_, i) => i));
  });

  test("stages no chunks when their source fails", async () => {
    const told = nothingTold();
    await expect(run("chunksFail", { ctx: documentContext({}, told) })).rejects.toThrow("no more chunks");
    expect(told.chunks).toEqual([]);
  });

  test("leaves no half-taken chunks waiting when it dies while it writes them", async () => {
    let seen = 0;
    let outcome: unknown = "still waiting";
    const replace = async (chunks: Parameters<DocumentContext["chunks"]["replace"]>[0]): Promise<void> => {
      try {
        for await (const _ of chunks) seen += 1;
        outcome = "taken whole";
      } catch (error) {
        outcome = error;
        throw error;
      }
    };
    const { chunks } = documentContext();
    const ctx = documentContext({ chunks: { replace, staged: () => chunks.staged() } });
    expect(await failure(run("diesWriting", { ctx }))).toMatchObject({ code: "CRASHED", details: { exitCode: 3 } });
    expect(seen).toBeGreaterThanOrEqual(50);
    await until("the write was given up", () => outcome instanceof Error);
  });

  test("writes artifacts from text, bytes and streams", async () => {
    const told = nothingTold();
    await run("artifacts", { ctx: documentContext({}, told) });
    expect(told.artifacts.get("a.txt")?.toString()).toBe("some text");
    expect(told.artifacts.get("b.bin")?.equals(Buffer.alloc(1_500_000, 7))).toBe(true);
    expect(told.artifacts.get("c.txt")?.toString()).toBe("one two");
    expect(told.artifacts.get("empty")?.length).toBe(0);
  });

  test("is told what its context refused", async () => {
    const ctx = documentContext({
      artifacts: { write: () => Promise.reject(new PermanentError("ARTIFACT_NAME", "no such name")) },
    });
    expect(await run("refused", { ctx })).toEqual({ permanent: true, code: "ARTIFACT_NAME" });
  });

  test("reports progress, warnings and log lines in order", async () => {
    const told = nothingTold();
    expect(await run("tells", { ctx: documentContext({}, told) })).toBe(1);
    expect(told.all).toEqual([
      ["progress", 0.25, "a quarter"],
      ["warn", "NO_TRANSCRIBER", "There is none."],
      ["log", "info", { at: 1 }, "said"],
    ]);
  });

  test("sees all documents in a collection stage", async () => {
    const ctx = collectionContext();
    const call = { kind: "collection" as const, snapshot: snapshotOf(ctx) };
    expect(await run("total", { ctx, call })).toEqual({ names: 250, words: 500, text: "its text", none: null });
  });

  test("sees no secrets of the environment", async () => {
    const { env } = (await run("process")) as ChildFacts;
    // Node hands NODE_V8_COVERAGE on to every child itself, where tests are measured.
    const own = Object.keys(env).filter((name) => !/^NODE_(CHANNEL|V8_COVERAGE)/.test(name));
    expect(own.sort()).toEqual(["PATH", "TZ"]);
  });

  test("what a handler leaves running does not reach the next stage's context", async () => {
    const sandbox = sandboxOf({ concurrency: 1 });
    await run("leavesBehind", { sandbox });
    const told = nothingTold();
    expect(await run("afterwards", { sandbox, ctx: documentContext({}, told) })).toBe("STAGE_ENDED");
    expect(told.all).toEqual([]);
    expect(told.text).toBeNull();
  });
});

describe("errors from a child process", () => {
  test("an ordinary error keeps its name, code, message and stack", async () => {
    const error = await failure(run("throws"));
    expect(error).not.toBeInstanceOf(HeadwayError);
    expect(error).toMatchObject({ name: "TypeError", message: "an ordinary fault", code: "OUT_OF_PAPER" });
    expect(error.stack).toContain("fixtures/sandbox-child");
  });

  test("a PermanentError stays one, a HeadwayError stays one", async () => {
    const permanent = await failure(run("permanent"));
    expect(permanent).toBeInstanceOf(PermanentError);
    expect(permanent).toMatchObject({ code: "BAD_PAGE", details: { page: 3 } });
    const headway = await failure(run("headway"));
    expect(headway).toBeInstanceOf(HeadwayError);
    expect(headway).not.toBeInstanceOf(PermanentError);
    expect(headway).toMatchObject({ code: "EMBEDDER_DOWN", details: { tries: 2 } });
  });

  test("an output that is not JSON is OUTPUT_UNSTORABLE", async () => {
    expect(await failure(run("unstorable"))).toMatchObject({ code: "OUTPUT_UNSTORABLE" });
  });

  test("a stage that does not exist is PIPELINE_CHANGED", async () => {
    expect(await failure(run("missing"))).toMatchObject({ code: "PIPELINE_CHANGED" });
  });

  test("pipelines that can't be loaded fail with their own fault", async () => {
    const call = { pipelineSource: JSON.stringify({ broken: true }) };
    expect(await failure(run("echo", { call }))).toMatchObject({ code: "CONFIG_INVALID" });
  });

  test("an exit is CRASHED, with its code and what was said last", async () => {
    const error = await failure(run("exits"));
    expect(error).toBeInstanceOf(HeadwayError);
    expect(error).not.toBeInstanceOf(PermanentError);
    expect(error).toMatchObject({ code: "CRASHED", details: { exitCode: 7, stderr: "leaving early" } });
  });

  test("an abort and a segmentation fault are CRASHED, and the next stage runs", async () => {
    expect(await failure(run("aborts"))).toMatchObject({ code: "CRASHED", details: { signal: "SIGABRT" } });
    expect(await failure(run("segfaults"))).toMatchObject({ code: "CRASHED", details: { signal: "SIGSEGV" } });
    expect(await run("echo")).toMatchObject({ attempt: 2 });
  });
});

describe("limits of a child process", () => {
  test("time: a handler that spins is stopped, as RESOURCE_LIMIT", async () => {
    const error = await failure(run("spins", { call: { timeoutMs: 300 } }));
    expect(error).toBeInstanceOf(PermanentError);
    expect(error).toMatchObject({ code: "RESOURCE_LIMIT", details: { timeoutMs: 300 } });
  });

  test("memory: a heap that is full is RESOURCE_LIMIT", async () => {
    const error = await failure(run("eatsHeap", { call: { memoryLimitMiB: 48 } }));
    expect(error).toBeInstanceOf(PermanentError);
    expect(error).toMatchObject({ code: "RESOURCE_LIMIT", details: { memoryLimitMiB: 48 } });
  });

  test("memory: buffers outside the heap are RESOURCE_LIMIT", async () => {
    const error = await failure(run("eatsBuffers", { call: { memoryLimitMiB: 48 } }));
    expect(error).toBeInstanceOf(PermanentError);
    expect(error).toMatchObject({ code: "RESOURCE_LIMIT", details: { limitMiB: 328 } });
  });
});

describe("stopping a child process", () => {
  test("an abort kills it at once, with all it started, and rejects with the reason", async () => {
    const stop = new AbortController();
    let pids: number[] = [];
    const ctx = documentContext({ progress: (_, message) => void (pids = (message ?? "").split(" ").map(Number)) });
    const work = failure(run("spawnsAndSpins", { ctx, signal: stop.signal }));
    await until("it runs", () => pids.length === 2);
    const reason = new Error("cancelled");
    const before = Date.now();
    stop.abort(reason);
    expect(await work).toBe(reason);
    const tookMs = Date.now() - before;
    expect(tookMs).toBeLessThan(500 + slackMs());
    await until("both are gone", () => pids.every(isGone));
  });

  test("an aborted signal starts nothing", async () => {
    const reason = new Error("too late");
    expect(await failure(run("echo", { signal: AbortSignal.abort(reason) }))).toBe(reason);
  });

  test("an abort while waiting for a place gives the place to the next", async () => {
    const sandbox = sandboxOf({ concurrency: 1 });
    const first = new AbortController();
    const second = new AbortController();
    const spinning = failure(run("spins", { sandbox, signal: first.signal }));
    const waiting = failure(run("echo", { sandbox, signal: second.signal }));
    const third = run("echo", { sandbox });
    second.abort(new Error("no longer wanted"));
    expect((await waiting).message).toBe("no longer wanted");
    first.abort(new Error("stop"));
    expect((await spinning).message).toBe("stop");
    expect(await third).toMatchObject({ attempt: 2 });
  });

  test("closing kills what runs and refuses what comes", async () => {
    const sandbox = sandboxOf();
    let pid = 0;
    const ctx = documentContext({ progress: (_, message) => void (pid = Number(message)) });
    const work = failure(run("spins", { sandbox, ctx }));
    await until("it runs", () => pid > 0);
    await sandbox.close();
    await sandbox.close();
    expect(await work).toMatchObject({ code: "CRASHED" });
    expect(isGone(pid)).toBe(true);
    expect(await failure(run("echo", { sandbox }))).toMatchObject({ code: "CRASHED" });
  });

  test.each(["spins", "spawnsAndSpins"])("when the parent is killed, a child that %s is gone too", async (stage) => {
    const parentFile = new URL("./fixtures/sandbox-parent.js", import.meta.url);
    const parent = spawn(process.execPath, [parentFile.pathname, stage], { stdio: ["ignore", "pipe", "inherit"] });
    const [said] = (await once(parent.stdout, "data")) as [Buffer];
    const pids = said.toString().trim().split(" ").map(Number);
    // In its loop the child can't notice the end of its channel: it takes processor time without a pause.
    const startTicks = processFacts(pids[0] ?? 0)?.ticks ?? NaN;
    await until("the child spins", () => (processFacts(pids[0] ?? 0)?.ticks ?? 0) > startTicks + 40);
    expect(pids.some(isGone)).toBe(false);
    parent.kill("SIGKILL");
    await until("all are gone", () => pids.every(isGone));
  });
});

describe("warm child processes", () => {
  test("are used again for the same limit and pipelines, and not for others", async () => {
    const sandbox = sandboxOf();
    const first = (await run("process", { sandbox })) as ChildFacts;
    const again = (await run("process", { sandbox })) as ChildFacts;
    expect(again).toMatchObject({ pid: first.pid, calls: 2 });
    const other = (await run("process", { sandbox, call: { memoryLimitMiB: 80 } })) as ChildFacts;
    expect(other).toMatchObject({ calls: 1 });
    expect(other.pid).not.toBe(first.pid);
  });

  test("are used again after an error of the handler", async () => {
    const sandbox = sandboxOf();
    const { pid } = (await run("process", { sandbox })) as ChildFacts;
    await failure(run("throws", { sandbox }));
    expect(await run("process", { sandbox })).toMatchObject({ pid, calls: 2 });
  });

  test("end after they were idle, or when another kind needs the place", async () => {
    const sandbox = sandboxOf({ concurrency: 1, idleMs: 100 });
    const idle = (await run("process", { sandbox })) as ChildFacts;
    await until("the idle one is gone", () => isGone(idle.pid));
    const patient = sandboxOf({ concurrency: 1 });
    const first = (await run("process", { sandbox: patient })) as ChildFacts;
    await run("process", { sandbox: patient, call: { memoryLimitMiB: 80 } });
    await until("the first kind is gone", () => isGone(first.pid));
  });

  test("one that died while idle is nobody's crash", async () => {
    const sandbox = sandboxOf();
    const { pid } = (await run("process", { sandbox })) as ChildFacts;
    process.kill(pid, "SIGKILL");
    expect(await run("process", { sandbox })).toMatchObject({ calls: 1 });
  });

  test("one that has grown large is not used again", async () => {
    const sandbox = sandboxOf({ concurrency: 1 });
    const { pid } = (await run("grows", { sandbox, call: { memoryLimitMiB: 96 } })) as ChildFacts;
    const next = (await run("process", { sandbox, call: { memoryLimitMiB: 96 } })) as ChildFacts;
    expect(next.pid).not.toBe(pid);
  });

  test("run as many at once as allowed, and no more", async () => {
    const sandbox = sandboxOf({ concurrency: 2 });
    const all = (await Promise.all(Array.from({ length: 6 }, () => run("process", { sandbox })))) as ChildFacts[];
    expect(new Set(all.map((facts) => facts.pid)).size).toBeLessThanOrEqual(2);
    expect(all.reduce((sum, facts) => Math.max(sum, facts.calls), 0)).toBeGreaterThanOrEqual(3);
  });

  test("a call waits for one that is busy before a further one is started", async () => {
    const sandbox = sandboxOf({ concurrency: 3, startsAtOnce: 1, patienceMs: 600_000 });
    const all = (await Promise.all(Array.from({ length: 3 }, () => run("process", { sandbox })))) as ChildFacts[];
    expect(new Set(all.map((facts) => facts.pid)).size).toBe(1);
    expect(all.map((facts) => facts.calls).sort((a, b) => a - b)).toEqual([1, 2, 3]);
  });

  test("a call that waits has one started at once when the busy one is killed", async () => {
    const stop = new AbortController();
    const sandbox = sandboxOf({ concurrency: 3, startsAtOnce: 1, patienceMs: 600_000 });
    let pid = 0;
    const ctx = documentContext({ progress: (_, message) => void (pid = Number(message)) });
    const killed = failure(run("spins", { sandbox, ctx, signal: stop.signal }));
    const waiting = run("process", { sandbox });
    await until("the first one runs, and the other waits for it", () => pid > 0);
    stop.abort(new HeadwayError("STOPPED", "Enough."));
    await killed;
    const { pid: other, calls } = (await waiting) as ChildFacts;
    expect([other === pid, calls]).toEqual([false, 1]);
  });

  test("a call whose patience is over has one started, and one that is stopped or closed meanwhile ends", async () => {
    const [hanging, stopped] = [new AbortController(), new AbortController()];
    const sandbox = sandboxOf({ concurrency: 3, startsAtOnce: 1, patienceMs: 1 });
    const first = failure(run("hangs", { sandbox, signal: hanging.signal }));
    expect(await run("process", { sandbox })).toMatchObject({ calls: 1 });
    hanging.abort(new HeadwayError("STOPPED", "Enough."));
    await first;

    const patient = sandboxOf({ concurrency: 3, startsAtOnce: 1, patienceMs: 600_000 });
    const busy = failure(run("hangs", { sandbox: patient }));
    const waiting = failure(run("process", { sandbox: patient, signal: stopped.signal }));
    stopped.abort(new HeadwayError("STOPPED", "Enough."));
    expect(await waiting).toMatchObject({ code: "STOPPED" });
    const left = failure(run("process", { sandbox: patient }));
    await patient.close();
    expect(await left).toMatchObject({ code: "CRASHED" });
    expect(await busy).toMatchObject({ code: "CRASHED" });
  });
});
