import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { decodeText } from "../pipelines/decode-text.js";
import type { EntityDraft } from "../pipelines/named-entity.js";
import type { ChunkDraft, FetchedSource, Json, StageDocument, StageLogger } from "../pipelines/pipeline.js";

/** A document to run stages on. */
export interface BenchFile {
  readonly name: string;
  readonly content: string | Uint8Array;
  readonly mediaType?: string | null;
  readonly metadata?: Readonly<Record<string, Json>>;
}
export interface RecordedProgress {
  readonly stage: string;
  readonly fraction: number;
  readonly message: string | null;
}
export interface RecordedArtifact {
  readonly name: string;
  readonly mediaType: string;
  readonly bytes: Buffer;
}
export interface RecordedWarning {
  readonly code: string;
  readonly message: string;
  readonly count: number;
  readonly pages: readonly number[];
}
export interface RecordedLine {
  readonly stage: string;
  readonly level: keyof StageLogger;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** All that the stages of one task have left behind. */
export interface LeftBehind {
  /** As clients see it: within its stage it never falls. */
  readonly progress: readonly RecordedProgress[];
  readonly warnings: readonly RecordedWarning[];
  /** Of stages that have ended well; the newest of each name. */
  readonly artifacts: readonly RecordedArtifact[];
  readonly logs: readonly RecordedLine[];
  /** What is staged: of a document its text and chunks, of a collection its entities; null and none where nothing is. */
  readonly text: string | null;
  readonly chunks: readonly ChunkDraft[];
  readonly entities: readonly EntityDraft[] | null;
  /** Of the document, with what stages have set; empty of a collection. */
  readonly metadata: Readonly<Record<string, Json>>;
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
