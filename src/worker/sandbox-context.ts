import { Readable } from "node:stream";
import type {
  ArtifactWriter,
  ChunkDraft,
  CollectionContext,
  DocumentContext,
  SettledDocument,
  StageContext,
  StageDocument,
  StageLogger,
} from "../pipelines/pipeline.js";
import { messageOf } from "../errors.js";
import { plainObject } from "./sandbox-error.js";
import type { HostMethods, SandboxCall } from "./sandbox-protocol.js";

type Method = keyof HostMethods;

/** How the child reaches the parent's context. */
export interface HostLink {
  ask<M extends Method>(method: M, ...args: Parameters<HostMethods[M]>): Promise<Awaited<ReturnType<HostMethods[M]>>>;
  /** As ask, but nobody waits. Both keep their order. */
  tell<M extends Method>(method: M, ...args: Parameters<HostMethods[M]>): void;
}

/** Chunks with their vectors are some 5 KB each: pages of some 250 KB. */
const ITEMS_PER_PAGE = 50;
const ARTIFACT_PIECE_BYTES = 512 * 1024;

/** The context a stage gets in a child process: the same as in the parent, by messages. */
export function contextFor(call: SandboxCall, link: HostLink): DocumentContext | CollectionContext {
  const { collection, job, task, attempt, options, input, secrets, traceparent } = call.snapshot;
  const common: StageContext = {
    collection,
    job,
    task,
    attempt,
    options,
    input,
    secrets,
    traceparent,
    // Never aborts here: a child whose stage is to stop is killed.
    signal: new AbortController().signal,
    progress: (fraction, message) => link.tell("progress", fraction, message),
    artifacts: artifactWriter(link),
    logger: logger(link),
    warn: (code, message, scope) => link.tell("warn", code, message, scope),
  };
  return call.kind === "document" ? documentContext(call, common, link) : collectionContext(common, link);
}

function documentContext(call: SandboxCall, common: StageContext, link: HostLink): DocumentContext {
  const facts = { ...(call.snapshot.document as NonNullable<SandboxCall["snapshot"]["document"]>) };
  const pieces = () => outlet<Uint8Array>(link, () => link.ask("openDocument"));
  const document: StageDocument = {
    id: facts.id,
    name: facts.name,
    get mediaType() {
      return facts.mediaType;
    },
    get sizeBytes() {
      return facts.sizeBytes;
    },
    get sha256() {
      return facts.sha256;
    },
    get metadata() {
      return facts.metadata;
    },
    fetch: async () => {
      const fetched = await link.ask("fetchDocument");
      Object.assign(facts, { sizeBytes: fetched.sizeBytes, sha256: fetched.sha256 });
      return fetched;
    },
    bytes: async () => {
      const all: Uint8Array[] = [];
      for await (const piece of pieces()) all.push(piece);
      return Buffer.concat(all);
    },
    stream: async () => Readable.from(pieces(), { objectMode: false }),
    text: () => link.ask("documentText"),
  };
  return {
    ...common,
    document,
    setMetadata: (metadata) => {
      const plain = plainObject(metadata) as typeof metadata;
      facts.metadata = { ...facts.metadata, ...plain };
      link.tell("setMetadata", plain);
    },
    setMediaType: (mediaType) => {
      facts.mediaType = mediaType;
      link.tell("setMediaType", mediaType);
    },
    setText: (text) => link.ask("setText", text),
    stagedText: () => link.ask("stagedText"),
    stageKept: () => link.ask("stageKept"),
    chunks: {
      replace: async (chunks) => fill(link, await link.ask("beginChunks"), pagesOf(chunks)),
      staged: () => outlet<ChunkDraft>(link, () => link.ask("openStagedChunks")),
    },
  };
}

function collectionContext(common: StageContext, link: HostLink): CollectionContext {
  return {
    ...common,
    documents: () => outlet<SettledDocument>(link, () => link.ask("openDocuments")),
    documentOutputs: (stage) =>
      outlet<{ document: SettledDocument; output: unknown }>(link, () => link.ask("openDocumentOutputs", stage)),
    documentText: (documentId) => link.ask("textOfDocument", documentId),
    entities: { replace: async (entities) => fill(link, await link.ask("beginEntities"), pagesOf(entities)) },
  };
}

function artifactWriter(link: HostLink): ArtifactWriter {
  return {
    write: async (name, content, mediaType) =>
      fill(link, await link.ask("beginArtifact", name, mediaType), piecesOf(content)),
  };
}

function logger(link: HostLink): StageLogger {
  const at = (level: "debug" | "info" | "warn" | "error") => (fields: object, message: string) =>
    link.tell("log", level, plainObject(fields), String(message));
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}

/** Reads the parent's sequence page by page, and closes it when the reader has enough. */
async function* outlet<T>(link: HostLink, open: () => Promise<number>): AsyncGenerator<T> {
  const id = await open();
  let done = false;
  try {
    while (!done) {
      const page = await link.ask("readOutlet", id);
      done = page.done;
      yield* page.items as readonly T[];
    }
  } finally {
    await link.ask("closeOutlet", id);
  }
}

async function fill(
  link: HostLink,
  inlet: number,
  pages: AsyncIterable<readonly unknown[]> | Iterable<readonly unknown[]>,
): Promise<void> {
  try {
    for await (const page of pages) await link.ask("writeInlet", inlet, page);
  } catch (error) {
    await link.ask("abortInlet", inlet, messageOf(error));
    throw error;
  }
  await link.ask("endInlet", inlet);
}

async function* pagesOf<T>(items: Iterable<T> | AsyncIterable<T>): AsyncGenerator<T[]> {
  let page: T[] = [];
  for await (const item of items) {
    page.push(item);
    if (page.length < ITEMS_PER_PAGE) continue;
    yield page;
    page = [];
  }
  if (page.length > 0) yield page;
}

async function* piecesOf(content: string | Uint8Array | Readable): AsyncGenerator<Uint8Array[]> {
  const sources = content instanceof Readable ? content : [content];
  for await (const piece of sources as AsyncIterable<string | Uint8Array>) {
    const bytes = typeof piece === "string" ? Buffer.from(piece) : piece;
    for (let at = 0; at < bytes.byteLength; at += ARTIFACT_PIECE_BYTES) {
      yield [bytes.subarray(at, at + ARTIFACT_PIECE_BYTES)];
    }
  }
}
