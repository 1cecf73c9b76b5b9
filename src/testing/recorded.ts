import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { decodeText } from "../pipelines/decode-text.js";
import type { EntityDraft } from "../pipelines/named-entity.js";
import type { ChunkDraft, FetchedSource, Json, StageDocument, StageLogger } from "../pipelines/pipeline.js";

/** Document to run stages on. */
export interface BenchFile {
  /** Name of the document. */
  readonly name: string;
  /** Content; strings are encoded as UTF-8. */
  readonly content: string | Uint8Array;
  /** Media type; null if unknown. Default: null. */
  readonly mediaType?: string | null;
  /** Metadata. Default: none. */
  readonly metadata?: Readonly<Record<string, Json>>;
}
/** Progress that a stage reported. */
export interface RecordedProgress {
  /** Name of the stage. */
  readonly stage: string;
  /** Progress, 0 to 1; within its stage it never falls. */
  readonly fraction: number;
  /** Message, the previous one if none was given; null if there was none. */
  readonly message: string | null;
}
/** Artifact that a stage wrote. */
export interface RecordedArtifact {
  /** File name. */
  readonly name: string;
  /** Media type. */
  readonly mediaType: string;
  /** Content of the file. */
  readonly bytes: Buffer;
}
/** Warning that a stage added. */
export interface RecordedWarning {
  /** Code of the warning. */
  readonly code: string;
  /** Message of the warning. */
  readonly message: string;
  /** Number of affected pages, pictures, attachments or characters. */
  readonly count: number;
  /** Affected pages, from 1. */
  readonly pages: readonly number[];
}
/** Line that a stage wrote to `ctx.logger`. */
export interface RecordedLine {
  /** Name of the stage. */
  readonly stage: string;
  /** Level of the line. */
  readonly level: keyof StageLogger;
  /** Message of the line. */
  readonly message: string;
  /** Fields of the line. */
  readonly fields: Readonly<Record<string, unknown>>;
}

/** Everything that the stages of one task have left behind. */
export interface LeftBehind {
  /** Reported progress, in order. */
  readonly progress: readonly RecordedProgress[];
  /** Warnings, in order. */
  readonly warnings: readonly RecordedWarning[];
  /** Artifacts of completed stages; the newest of each name. */
  readonly artifacts: readonly RecordedArtifact[];
  /** Log lines, in order. */
  readonly logs: readonly RecordedLine[];
  /** Staged text; null if there is none. */
  readonly text: string | null;
  /** Staged chunks, in order. */
  readonly chunks: readonly ChunkDraft[];
  /** Staged entities; null if there are none. */
  readonly entities: readonly EntityDraft[] | null;
  /** Metadata of the document, with what stages have set; empty for a collection task. */
  readonly metadata: Readonly<Record<string, Json>>;
  /** Media type of the document; null if unknown, and for a collection task. */
  readonly mediaType: string | null;
}

/** What one task's stages have left behind so far; a stage's context writes here. */
export class Recording implements LeftBehind {
  readonly progress: RecordedProgress[] = [];
  readonly warnings: RecordedWarning[] = [];
  readonly logs: RecordedLine[] = [];
  text: string | null = null;
  chunks: readonly ChunkDraft[] = [];
  entities: readonly EntityDraft[] | null = null;
  readonly #shown = new Map<string, RecordedArtifact>();
  #written: RecordedArtifact[] = [];

  constructor(readonly document: BenchDocument | null) {}

  get metadata(): Readonly<Record<string, Json>> {
    return this.document?.metadata ?? {};
  }
  get mediaType(): string | null {
    return this.document?.mediaType ?? null;
  }
  get artifacts(): readonly RecordedArtifact[] {
    return [...this.#shown.values()];
  }

  wrote(artifact: RecordedArtifact): void {
    this.#written.push(artifact);
  }

  /** The artifacts of the stage that has ended are shown if it ended well, else forgotten. */
  stageEnded(isWell: boolean): void {
    if (isWell) for (const artifact of this.#written) this.#shown.set(artifact.name, artifact);
    this.#written = [];
  }
}

/** A document in memory. */
export class BenchDocument implements StageDocument {
  readonly name: string;
  mediaType: string | null;
  metadata: Readonly<Record<string, Json>>;
  readonly sizeBytes: number;
  readonly sha256: string;
  readonly #bytes: Buffer;

  constructor(
    readonly id: string,
    file: BenchFile,
  ) {
    this.name = file.name;
    this.mediaType = file.mediaType ?? null;
    this.metadata = { ...file.metadata };
    this.#bytes = Buffer.from(file.content);
    this.sizeBytes = this.#bytes.length;
    this.sha256 = createHash("sha256").update(this.#bytes).digest("hex");
  }

  async fetch(): Promise<FetchedSource> {
    return { sizeBytes: this.sizeBytes, sha256: this.sha256 };
  }
  /** A copy: what one stage does with it is not seen by the next. */
  async bytes(): Promise<Uint8Array> {
    return Buffer.from(this.#bytes);
  }
  async stream(): Promise<Readable> {
    return Readable.from([await this.bytes()], { objectMode: false });
  }
  async text(): Promise<string> {
    return decodeText(this.#bytes).text;
  }
}
