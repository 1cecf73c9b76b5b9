import type { DataSource } from "typeorm";
import type { Dispatcher } from "../dispatch/dispatcher.js";
import type { Recorder } from "../engine/flush/recorder.js";
import type { BlobStore } from "../storage/blob-store.js";

export interface ReconcilerSettings {
  readonly sweepMs: number;
  readonly heartbeatMs: number;
  readonly leaseMs: number;
  readonly crashLimit: number;
  readonly cancelDeadlineMs: number;
  /** How long statistics are kept; 0: none are made. */
  readonly statisticsDays: number;
}

/** What a duty works with. */
export interface DutyDeps {
  readonly db: DataSource;
  readonly recorder: Recorder;
  readonly blobs: BlobStore;
  readonly dispatcher: Dispatcher;
  readonly settings: ReconcilerSettings;
  readonly onError: (error: unknown, doing: string) => void;
}
