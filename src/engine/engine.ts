import type { DataSource } from "typeorm";
import type { KeyScope } from "../access/keys.js";
import type { Config } from "../config.js";
import type { Dispatcher } from "../dispatch/dispatcher.js";
import type { ActorType } from "../lifecycle/status.js";
import type { Registry } from "../pipelines/registry.js";
import { createNetworks } from "../sources/networks.js";
import type { SourceRules } from "../sources/uri.js";

/** Who asks for a change; recorded with it. */
export interface Actor {
  readonly type: ActorType;
  /** A user's key name, `worker:<id>`, or a duty such as `system:sweep`. */
  readonly name: string;
  readonly projectId: string;
  /** A user's key. */
  readonly keyId?: string;
  /** The part that the key is for, and what it may do there; null or absent for one of the whole project. */
  readonly scope?: KeyScope | null;
}

/** What the engine's verbs work with. */
export interface EngineDeps extends SourceRules {
  readonly db: DataSource;
  readonly dispatcher: Dispatcher;
  readonly registry: Registry;
  readonly maxDocumentBytes: number;
  /** Where webhooks may lead beside public hosts. */
  readonly webhookHosts: readonly string[];
  /** How long running work may take to stop when it is cancelled. */
  readonly cancelDeadlineMs: number;
  readonly sweepMs: number;
  /** Days until a new collection expires that names no time of its own; null for never. */
  readonly retentionDays: number | null;
  /** Called with what a verb could not do but need not fail for: a hint that was not taken. */
  readonly onError: (error: unknown, doing: string) => void;
}

/** The same for every process of an installation: what its settings say, over its own connections. */
export function engineDepsOf(
  config: Config,
  own: Pick<EngineDeps, "db" | "dispatcher" | "registry" | "onError">,
): EngineDeps {
  const { fileRoots, s3Sources, webhookHosts, maxDocumentBytes, cancelDeadlineMs, sweepMs, retentionDays } = config;
  const networks = createNetworks(config.allowedNetworks);
  return {
    ...own,
    fileRoots,
    networks,
    s3Sources,
    webhookHosts,
    maxDocumentBytes,
    cancelDeadlineMs,
    sweepMs,
    retentionDays,
  };
}
