import type { DataSource } from "typeorm";
import type { Dispatcher } from "../dispatch/dispatcher.js";
import type { ActorType, EntityType } from "../lifecycle/status.js";
import type { Registry } from "../pipelines/registry.js";
import type { SourceRules } from "../sources/uri.js";

/** Who asks for a change; recorded with it. */
export interface Actor {
  readonly type: ActorType;
  /** A user's key name, `worker:<id>`, or a duty such as `system:sweep`. */
  readonly name: string;
  readonly projectId: string;
}

/** What the engine's verbs work with. */
export interface EngineParts extends SourceRules {
  readonly db: DataSource;
  readonly dispatcher: Dispatcher;
  readonly registry: Registry;
  readonly maxDocumentBytes: number;
  /** How long running work may take to stop when it is cancelled. */
  readonly cancelDeadlineMs: number;
  readonly sweepMs: number;
  /** Days until a new collection expires that names no time of its own; null for never. */
  readonly retentionDays: number | null;
  /** Called with what a verb could not do but need not fail for: a hint that was not taken. */
  readonly onError: (error: unknown, doing: string) => void;
}

/** What a stream covers. Collection, job and task scopes of one collection share their cursors; a project's are its own. */
export type Scope =
  | { readonly kind: "collection"; readonly projectId: string; readonly collectionId: string }
  | { readonly kind: "job"; readonly projectId: string; readonly collectionId: string; readonly jobId: string }
  | { readonly kind: "task"; readonly projectId: string; readonly collectionId: string; readonly taskId: string }
  | { readonly kind: "project"; readonly projectId: string };

/** One row of the history, as the stream and the lists give it. */
export interface Change {
  readonly id: string;
  readonly position: string;
  readonly tx: string;
  readonly projectId: string;
  readonly entityType: EntityType;
  readonly entityId: string;
  readonly collectionId: string;
  readonly jobId: string | null;
  readonly taskId: string | null;
  readonly version: number;
  readonly fromStatus: string | null;
  readonly toStatus: string;
  readonly fromStage: string | null;
  readonly toStage: string | null;
  readonly run: number | null;
  readonly attempt: number | null;
  readonly fence: string | null;
  readonly actorType: ActorType;
  readonly actor: string;
  readonly reason: string;
  readonly message: string | null;
  readonly at: Date;
  /** Opaque, of the kind of the scope it was read in. */
  readonly cursor: string;
}

/** The stream can no longer be complete from where it was asked to start. */
export interface Gap {
  readonly gap: true;
  readonly cause: string;
  readonly resumeAt: string;
}
