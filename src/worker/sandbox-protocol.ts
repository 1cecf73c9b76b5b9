import { PassThrough } from "node:stream";
import { HeadwayError } from "../errors.js";
import type {
  CollectionContext,
  DocumentContext,
  FetchedSource,
  Json,
  StageDocument,
  KeptContent,
  WarningScope,
} from "../pipelines/pipeline.js";
import type { PlainError } from "./sandbox-error.js";

/** What a context is at the start of a stage, as plain data: what crosses to the child once, with the call. */
export interface StageSnapshot {
  readonly collection: DocumentContext["collection"];
  readonly job: DocumentContext["job"];
  readonly task: DocumentContext["task"];
  readonly attempt: number;
  readonly options: unknown;
  readonly input: unknown;
  readonly secrets: Readonly<Record<string, string>>;
  readonly traceparent: string | null;
  /** Only for document stages. */
  readonly document: Pick<StageDocument, "id" | "name" | "mediaType" | "sizeBytes" | "sha256" | "metadata"> | null;
}

/** One stage to be run in a child process. */
export interface SandboxCall {
  /** JSON that the child's loader understands; children are shared between calls with the same one. */
  readonly pipelineSource: string;
  readonly pipeline: string;
  readonly stage: string;
  readonly kind: "document" | "collection";
  readonly snapshot: StageSnapshot;
  /** Counted from when the handler starts, not from when a child is free. */
  readonly timeoutMs: number;
  /** Old-space limit of the child. */
  readonly memoryLimitMiB: number;
}

/** Answers, in the parent, what the child asks of its context. */
export interface SandboxHost {
  call(method: string, args: unknown[]): Promise<unknown>;
  /** Called once when the stage has ended, however it did: what is still open is given up. */
  end?(): Promise<void>;
}

/**
 * What a child may ask. Sequences cross in pages: an *outlet* is read by the child, an *inlet* is written by it; both
 * are named by the number that opening them gave.
 */
export interface HostMethods {
  progress(fraction: number, message?: string): void;
  warn(code: string, message: string, scope?: WarningScope): void;
  log(level: "debug" | "info" | "warn" | "error", fields: object, message: string): void;
  setMetadata(metadata: Readonly<Record<string, Json>>): void;
  setMediaType(mediaType: string): void;
  fetchDocument(): Promise<FetchedSource>;
  documentText(): Promise<string>;
  setText(text: string): Promise<void>;
  stagedText(): Promise<string | null>;
  stageKept(): Promise<KeptContent | null>;
  textOfDocument(documentId: string): Promise<string | null>;
  /** An outlet of the document's bytes: its items are Uint8Array. */
  openDocument(): Promise<number>;
  /** An outlet of ChunkDraft. */
  openStagedChunks(): Promise<number>;
  /** An outlet of SettledDocument. */
  openDocuments(): Promise<number>;
  /** An outlet of { document, output }. */
  openDocumentOutputs(stage: string): Promise<number>;
  /** At least one item, unless done. */
  readOutlet(outlet: number): Promise<{ readonly items: readonly unknown[]; readonly done: boolean }>;
  closeOutlet(outlet: number): Promise<void>;
  /** An inlet of ChunkDraft. */
  beginChunks(): Promise<number>;
  /** An inlet of EntityDraft. */
  beginEntities(): Promise<number>;
  /** An inlet of Uint8Array. */
  beginArtifact(name: string, mediaType: string): Promise<number>;
  /** Settles when there is room for more. */
  writeInlet(inlet: number, items: readonly unknown[]): Promise<void>;
  /** Settles when what was written has been taken whole. */
  endInlet(inlet: number): Promise<void>;
  /** The source of the items failed: nothing of them is to count. */
  abortInlet(inlet: number, message: string): Promise<void>;
}

/** Parent to child. */
export type ToChild =
  | { readonly type: "run"; readonly call: SandboxCall }
  | { readonly type: "answer"; readonly id: number; readonly value: unknown }
  | { readonly type: "refusal"; readonly id: number; readonly error: PlainError };

/** Child to parent. A `tell` is an ask that nobody waits for. */
export type ToParent =
  | { readonly type: "started" }
  | { readonly type: "ask"; readonly id: number; readonly method: string; readonly args: unknown[] }
  | { readonly type: "tell"; readonly method: string; readonly args: unknown[] }
  | { readonly type: "done"; readonly outputJson: string | null }
  | { readonly type: "failed"; readonly error: PlainError };

/** The plain data of a real context. */
export function snapshotOf(ctx: DocumentContext | CollectionContext): StageSnapshot {
  const { collection, job, task, attempt, options, input, secrets, traceparent } = ctx;
  const document = "document" in ctx ? ctx.document : null;
  return {
    collection,
    job,
    task,
    attempt,
    options: options as unknown,
    input: input as unknown,
    secrets,
    traceparent,
    document: document && {
      id: document.id,
      name: document.name,
      mediaType: document.mediaType,
      sizeBytes: document.sizeBytes,
      sha256: document.sha256,
      metadata: document.metadata,
    },
  };
}

/** Some pages of a few hundred KB: large enough that the round trips don't count. */
const PAGE_BYTES = 512 * 1024;
const PAGE_ITEMS = 100;

interface Inlet {
  readonly stream: PassThrough;
  readonly work: Promise<void>;
}

/** Answers a child from a real context. One host serves one run of one stage. */
export function hostFor(ctx: DocumentContext | CollectionContext): SandboxHost {
  const outlets = new Map<number, AsyncIterator<unknown>>();
  const inlets = new Map<number, Inlet>();
  let opened = 0;

  const openOutlet = async (items: AsyncIterable<unknown>): Promise<number> => {
    outlets.set(++opened, items[Symbol.asyncIterator]());
    return opened;
  };
  const openInlet = async (stream: PassThrough, work: Promise<void>): Promise<number> => {
    // Who waits for the work or writes to the stream is told; nobody may be waiting just now.
    work.catch(() => undefined);
    stream.on("error", () => undefined);
    inlets.set(++opened, { stream, work });
    return opened;
  };
  const methods: HostMethods = {
    progress: (fraction, message) => ctx.progress(fraction, message),
    warn: (code, message, scope) => ctx.warn(code, message, scope),
    log: (level, fields, message) => ctx.logger[level](fields, message),
    setMetadata: (metadata) => ofDocument(ctx).setMetadata(metadata),
    setMediaType: (mediaType) => ofDocument(ctx).setMediaType(mediaType),
    fetchDocument: () => ofDocument(ctx).document.fetch(),
    documentText: () => ofDocument(ctx).document.text(),
    setText: (text) => ofDocument(ctx).setText(text),
    stagedText: () => ofDocument(ctx).stagedText(),
    stageKept: () => ofDocument(ctx).stageKept(),
    textOfDocument: (documentId) => ofCollection(ctx).documentText(documentId),
    openDocument: async () => openOutlet(await ofDocument(ctx).document.stream()),
    openStagedChunks: () => openOutlet(ofDocument(ctx).chunks.staged()),
    openDocuments: () => openOutlet(ofCollection(ctx).documents()),
    openDocumentOutputs: (stage) => openOutlet(ofCollection(ctx).documentOutputs(stage)),
    readOutlet: (outlet) => readPage(known(outlets, outlet)),
    closeOutlet: async (outlet) => {
      await known(outlets, outlet).return?.();
      outlets.delete(outlet);
    },
    beginChunks: () => {
      const stream = new PassThrough({ objectMode: true });
      return openInlet(stream, ofDocument(ctx).chunks.replace(stream));
    },
    beginEntities: () => {
      const stream = new PassThrough({ objectMode: true });
      return openInlet(stream, ofCollection(ctx).entities.replace(stream));
    },
    beginArtifact: (name, mediaType) => {
      const stream = new PassThrough();
      return openInlet(stream, ctx.artifacts.write(name, stream, mediaType));
    },
    writeInlet: async (inlet, items) => {
      const { stream, work } = known(inlets, inlet);
      for (const item of items) {
        if (stream.destroyed || stream.write(item)) continue;
        const drained = new Promise<void>((resolve) => stream.once("drain", resolve).once("close", resolve));
        // Who takes the items may be done or have failed early; then nothing drains.
        await Promise.race([drained, work]);
      }
    },
    endInlet: async (inlet) => {
      const { stream, work } = known(inlets, inlet);
      stream.end();
      await work.finally(() => inlets.delete(inlet));
    },
    abortInlet: async (inlet, message) => {
      const { stream, work } = known(inlets, inlet);
      inlets.delete(inlet);
      stream.destroy(new Error(message));
      await work.catch(() => undefined);
    },
  };
  return {
    async call(method, args) {
      if (!Object.hasOwn(methods, method)) throw new HeadwayError("INTERNAL", `A child asked for "${method}".`);
      return (methods[method as keyof HostMethods] as (...all: unknown[]) => unknown)(...args);
    },
    async end() {
      for (const { stream } of inlets.values())
        stream.destroy(new Error("The stage ended before all bytes were written."));
      await Promise.allSettled([...outlets.values()].map(async (outlet) => outlet.return?.()));
      outlets.clear();
      inlets.clear();
    },
  };
}

async function readPage(outlet: AsyncIterator<unknown>): Promise<{ items: unknown[]; done: boolean }> {
  const items: unknown[] = [];
  let bytes = 0;
  while (items.length < PAGE_ITEMS && bytes < PAGE_BYTES) {
    const next = await outlet.next();
    if (next.done) return { items, done: true };
    items.push(next.value);
    if (next.value instanceof Uint8Array) bytes += next.value.byteLength;
  }
  return { items, done: false };
}

function known<T>(open: ReadonlyMap<number, T>, id: number): T {
  const found = open.get(id);
  if (found === undefined) throw new HeadwayError("INTERNAL", `A child named ${String(id)}, which is not open.`);
  return found;
}

function ofDocument(ctx: DocumentContext | CollectionContext): DocumentContext {
  if ("document" in ctx) return ctx;
  throw new HeadwayError("INTERNAL", "A collection stage has no document of its own.");
}

function ofCollection(ctx: DocumentContext | CollectionContext): CollectionContext {
  if ("documentOutputs" in ctx) return ctx;
  throw new HeadwayError("INTERNAL", "A document stage sees no other documents.");
}
