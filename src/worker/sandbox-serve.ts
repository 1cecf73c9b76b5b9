import { HeadwayError, messageOf } from "../errors.js";
import type { CollectionContext, DocumentContext, Pipeline } from "../pipelines/pipeline.js";
import { carryInFetch } from "../tracing/outgoing.js";
import { dieWithParent } from "./die-with-parent.js";
import { Escaped } from "./escapes.js";
import { contextFor, type HostLink } from "./sandbox-context.js";
import { fromPlainError, toPlainError } from "./sandbox-error.js";
import type { SandboxCall, ToChild, ToParent } from "./sandbox-protocol.js";

/** Makes pipelines of a call's parsed `pipelineSource`. */
export type PipelineLoader = (source: unknown) => Promise<{ get(name: string): Pipeline | undefined }>;

/** Far above the 1 MB that a stage may return: what is larger is refused here, before it costs the parent its memory. */
const MAX_OUTPUT_CHARS = 8 * 1024 * 1024;

interface Asked {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** Serves the parent, one call at a time, until it goes away. */
export function serveSandbox(load: PipelineLoader): void {
  dieWithParent(Number(process.argv[2]), { group: true });
  const asked = new Map<number, Asked>();
  let pipelines: ReturnType<PipelineLoader> | null = null;
  let stage: string | null = null;
  let traceparent: string | null = null;
  let isCarried = false;
  // One stage at a time runs here: what escapes is its own, or of the one before it. This process is not used again.
  process.on("uncaughtException", (thrown) => {
    if (stage === null) throw thrown;
    const how = "it was thrown outside of any await, or by a promise that is not awaited";
    send({ type: "failed", error: toPlainError(new Escaped(thrown, stage, how)) }, () => process.exit(1));
  });
  process.on("message", (message: ToChild) => {
    if (message.type === "run") {
      stage = message.call.stage;
      traceparent = message.call.snapshot.traceparent;
      if (traceparent !== null && !isCarried) {
        isCarried = true;
        carryInFetch(() => traceparent);
      }
      pipelines ??= load(JSON.parse(message.call.pipelineSource));
      // What goes wrong in it is sent to the parent.
      void serveCall(message.call, pipelines, asked);
      return;
    }
    const waiting = asked.get(message.id);
    asked.delete(message.id);
    if (message.type === "answer") waiting?.resolve(message.value);
    else waiting?.reject(fromPlainError(message.error));
  });
}

async function serveCall(
  call: SandboxCall,
  loading: ReturnType<PipelineLoader>,
  asked: Map<number, Asked>,
): Promise<void> {
  const { link, end } = linkToParent(asked);
  try {
    const run = runnerOf(call, await loading);
    send({ type: "started" });
    const outputJson = toOutputJson(await run(contextFor(call, link)));
    end();
    send({ type: "done", outputJson });
  } catch (error) {
    end();
    send({ type: "failed", error: toPlainError(error) });
  }
}

function runnerOf(
  call: SandboxCall,
  pipelines: Awaited<ReturnType<PipelineLoader>>,
): (ctx: DocumentContext | CollectionContext) => Promise<unknown> {
  const pipeline = pipelines.get(call.pipeline);
  const stages = call.kind === "document" ? pipeline?.documentStages : pipeline?.collectionStages;
  const stage = stages?.find((candidate) => candidate.name === call.stage);
  if (stage === undefined) {
    throw new HeadwayError("PIPELINE_CHANGED", `There is no ${call.kind} stage "${call.stage}" in "${call.pipeline}".`);
  }
  return async (ctx) => (stage.run as (any: DocumentContext | CollectionContext) => Promise<unknown>)(ctx);
}

/** Null for undefined. @throws {HeadwayError} OUTPUT_UNSTORABLE */
function toOutputJson(output: unknown): string | null {
  let json: string | undefined;
  try {
    json = JSON.stringify(output);
  } catch (error) {
    throw new HeadwayError("OUTPUT_UNSTORABLE", `The output can't be written as JSON: ${messageOf(error)}`);
  }
  if (json !== undefined && json.length > MAX_OUTPUT_CHARS) {
    throw new HeadwayError(
      "OUTPUT_UNSTORABLE",
      `The output is ${json.length} characters of JSON; write an artifact instead.`,
    );
  }
  return json ?? null;
}

/** Unique over all calls: an answer that comes late is nobody else's. */
let lastAsked = 0;

/** The link of one call. What a handler left behind still asks after its end must not reach the next call's context. */
function linkToParent(asked: Map<number, Asked>): { readonly link: HostLink; readonly end: () => void } {
  let ended = false;
  const link: HostLink = {
    ask: (method, ...args) =>
      new Promise((resolve, reject) => {
        if (ended) throw new HeadwayError("STAGE_ENDED", `The stage has ended; "${method}" was called too late.`);
        const id = (lastAsked += 1);
        // A value that can't cross is refused by the throw.
        send({ type: "ask", id, method, args });
        asked.set(id, { resolve: resolve as (value: unknown) => void, reject });
      }),
    tell: (method, ...args) => {
      if (!ended) send({ type: "tell", method, args });
    },
  };
  return { link, end: () => (ended = true) };
}

function send(message: ToParent, onSent: () => void = () => undefined): void {
  process.send?.(message, undefined, undefined, onSent);
}
