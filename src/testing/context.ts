import type { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { toStorableJson, toStorableMessage, toStorableText } from "../engine/storable.js";
import type {
  ChunkDraft,
  CollectionContext,
  DocumentContext,
  Json,
  SettledDocument,
  StageContext,
  StageLogger,
} from "../pipelines/pipeline.js";
import { addWarning, warningOf } from "../worker/context.js";
import { checkedEntities } from "../worker/staging-entities.js";
import { assertChunk } from "../worker/staging.js";
import { assertArtifactName } from "../worker/write-artifact.js";
import type { BenchDocument, Recording } from "./recorded.js";

/** One document of the job as collection stages see it, with the outputs of its stages by their names. */
export interface BenchSettled {
  readonly document: SettledDocument;
  readonly outputs: Readonly<Record<string, unknown>>;
  readonly text: string | null;
}

/** What a stage is given beside what is recorded. */
export interface BenchCall {
  readonly stage: string;
  readonly attempt: number;
  readonly options: unknown;
  readonly input: unknown;
  readonly signal: AbortSignal;
  readonly collection: { readonly name: string; readonly metadata: Readonly<Record<string, Json>> };
  readonly tags: readonly string[];
  readonly secrets: Readonly<Record<string, string>>;
  /** What readers see of the document already, for stages that take it up; null where they see nothing. */
  readonly kept: { readonly text: string; readonly chunks: readonly ChunkDraft[] } | null;
  /** For collection stages. */
  readonly settled: readonly BenchSettled[];
}

const LEVELS = ["debug", "info", "warn", "error"] as const;

/** The context of a stage, in memory; checks and bounds are the worker's own. */
export function benchContext(call: BenchCall, recording: Recording): DocumentContext | CollectionContext {
  const { stage, signal } = call;
  const log = (level: keyof StageLogger) => (fields: object, message: string) =>
    void recording.logs.push({ stage, level, message, fields: { ...fields } });
  const common: StageContext = {
    collection: { id: "collection", ...call.collection },
    job: { id: "job", run: 1, tags: call.tags },
    task: { id: recording.document === null ? "collection-task" : `task-of-${recording.document.id}`, stage },
    attempt: call.attempt,
    options: call.options,
    input: call.input,
    signal,
    secrets: call.secrets,
    traceparent: null,
    progress: (fraction, message) => {
      if (!signal.aborted) addProgress(recording, stage, fraction, message);
    },
    artifacts: {
      write: async (name, content, mediaType) => {
        assertArtifactName(name);
        recording.wrote({ name, mediaType: toStorableMessage(mediaType), bytes: await bytesOf(content) });
      },
    },
    logger: Object.fromEntries(LEVELS.map((level) => [level, log(level)])) as unknown as StageLogger,
    warn: (code, message, scope) => addWarning(recording.warnings, warningOf(code, message, scope)),
  };
  return recording.document === null
    ? collectionContext(call, recording, common)
    : documentContext(call, recording, common, recording.document);
}

function documentContext(
  { kept }: BenchCall,
  recording: Recording,
  common: StageContext,
  document: BenchDocument,
): DocumentContext {
  return {
    ...common,
    document,
    setMetadata: (metadata) => {
      const added = JSON.parse(toStorableJson(metadata, "metadata")) as Readonly<Record<string, Json>>;
      toStorableJson({ ...document.metadata, ...added }, "metadata, with what the document has already,");
      document.metadata = { ...document.metadata, ...added };
    },
    setMediaType: (mediaType) => (document.mediaType = toStorableMessage(mediaType)),
    setText: async (text) => void (recording.text = toStorableText(text)),
    stagedText: async () => recording.text,
    stageKept: async () => {
      if (kept === null) return null;
      recording.text = kept.text;
      recording.chunks = kept.chunks;
      const embedded = kept.chunks.filter(({ embedding }) => embedding).length;
      return { characters: kept.text.length, chunks: kept.chunks.length, embedded };
    },
    chunks: {
      replace: async (chunks) => {
        const drafts: ChunkDraft[] = [];
        for await (const chunk of chunks) {
          assertChunk(chunk, drafts.length);
          drafts.push(chunk);
        }
        recording.chunks = drafts;
      },
      staged: () => each(recording.chunks),
    },
  };
}

function collectionContext({ settled }: BenchCall, recording: Recording, common: StageContext): CollectionContext {
  return {
    ...common,
    documents: () => each(settled.map(({ document }) => document)),
    documentOutputs: (stage) =>
      each(
        settled
          .filter(
            ({ document: { status }, outputs }) =>
              /^(COMPLETED|SKIPPED)$/.test(status) && Object.hasOwn(outputs, stage),
          )
          .map(({ document, outputs }) => ({ document, output: outputs[stage] })),
      ),
    documentText: async (documentId) => settled.find(({ document: { id } }) => id === documentId)?.text ?? null,
    entities: {
      replace: async (entities) => {
        recording.entities = await checkedEntities(entities);
      },
    },
  };
}

/** As the heartbeat keeps it: within its stage it never falls, and a message stays until another one comes. */
function addProgress({ progress }: Recording, stage: string, fraction: number, message: string | undefined): void {
  const last = progress.findLast((one) => one.stage === stage);
  const bounded = Number.isFinite(fraction) ? Math.min(1, Math.max(0, fraction)) : 0;
  progress.push({
    stage,
    fraction: Math.max(last?.fraction ?? 0, bounded),
    message: message === undefined ? (last?.message ?? null) : toStorableMessage(message),
  });
}

async function bytesOf(content: string | Uint8Array | Readable): Promise<Buffer> {
  return typeof content === "string" || content instanceof Uint8Array ? Buffer.from(content) : buffer(content);
}

async function* each<T>(items: readonly T[]): AsyncIterable<T> {
  yield* items;
}
