import type { DataSource } from "typeorm";
import type { Actor, EngineDeps } from "../engine/engine.js";
import type { KeyRing } from "../access/keys.js";
import type { ChangeStream } from "../engine/stream/stream.js";
import type { Embedder } from "../pipelines/embedding/embedder.js";
import type { BlobStore } from "../storage/blob-store.js";
import type { Principal } from "../access/principal.js";
import { Budget, MAX_RESPONSE_BYTES } from "./limits/budget.js";
import { Once } from "./limits/once.js";
import { createLoaders, type Loaders } from "./loaders.js";
import { ChunkSearch } from "../engine/search/search.js";

/** What the API stands on; one for the process. */
export interface ApiDeps {
  readonly deps: EngineDeps;
  readonly stream: ChangeStream;
  readonly embedder: Embedder;
  readonly blobs: BlobStore;
  readonly keys: KeyRing;
  /** Where clients reach this server, such as "http://127.0.0.1:4000". */
  readonly publicUrl: string;
  /** Of one answer; 8,000,000 when absent. */
  readonly maxResponseBytes?: number;
  readonly logger: { error(fields: object, message: string): void };
}

/** One request's, or one event's: loaders are never shared between two. */
export interface GraphContext extends ApiDeps {
  readonly db: DataSource;
  readonly principal: Principal;
  /** The principal's: nothing of any other is there. */
  readonly projectId: string;
  readonly actor: Actor;
  readonly loaders: Loaders;
  /** From here on all is loaded anew. */
  forgetLoaded(): void;
  readonly chunkSearch: ChunkSearch;
  readonly once: Once;
  /** What may still be read and answered. */
  readonly budget: Budget;
  /** Aborted when whoever asked has gone. */
  readonly signal: AbortSignal;
}

const searches = new WeakMap<object, ChunkSearch>();

export function createContext(api: ApiDeps, principal: Principal, signal: AbortSignal): GraphContext {
  const { db } = api.deps;
  const search = searches.get(api.deps) ?? new ChunkSearch(db, api.embedder);
  searches.set(api.deps, search);
  const budget = new Budget(api.maxResponseBytes ?? MAX_RESPONSE_BYTES);
  const context: Omit<GraphContext, "loaders"> = {
    ...api,
    db,
    principal,
    projectId: principal.projectId,
    actor: {
      type: "USER",
      name: principal.name,
      projectId: principal.projectId,
      keyId: principal.keyId,
      scope: principal.scope,
    },
    // Of the object that is asked: Apollo gives resolvers a copy of what it gets here.
    forgetLoaded() {
      loadLazily(this, () => createLoaders(api.deps, principal, budget));
    },
    chunkSearch: search,
    once: new Once(),
    budget,
    signal,
  };
  context.forgetLoaded();
  return context as GraphContext;
}

/** Some thirty objects, which an open subscription would hold and most events of a stream never ask. */
function loadLazily(context: object, make: () => Loaders): void {
  let loaders: Loaders | null = null;
  const get = (): Loaders => (loaders ??= make());
  Object.defineProperty(context, "loaders", { get, configurable: true, enumerable: true });
}
