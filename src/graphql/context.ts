import type { DataSource } from "typeorm";
import type { Actor, EngineParts } from "../engine/engine.js";
import type { KeyRing } from "../access/keys.js";
import type { ChangeStream } from "../engine/stream/stream.js";
import type { Embedder } from "../pipelines/embedding/embedder.js";
import type { BlobStore } from "../storage/blob-store.js";
import type { Viewer } from "../access/principal.js";
import { createLoaders, type Loaders } from "./loaders.js";
import { ChunkSearch } from "../engine/read/search.js";

/** What the API stands on; one for the process. */
export interface ApiParts {
  readonly parts: EngineParts;
  readonly stream: ChangeStream;
  readonly embedder: Embedder;
  readonly blobs: BlobStore;
  readonly keys: KeyRing;
  /** Where clients reach this server, such as "http://127.0.0.1:4000". */
  readonly publicUrl: string;
  readonly logger: { error(fields: object, message: string): void };
}

/** One request's, or one event's: loaders are never shared between two. */
export interface GraphContext extends ApiParts {
  readonly db: DataSource;
  readonly viewer: Viewer;
  /** The viewer's: nothing of any other is there. */
  readonly projectId: string;
  readonly actor: Actor;
  readonly loaders: Loaders;
  readonly chunkSearch: ChunkSearch;
}

const searches = new WeakMap<object, ChunkSearch>();

export function createContext(api: ApiParts, viewer: Viewer): GraphContext {
  const { db } = api.parts;
  const search = searches.get(api.parts) ?? new ChunkSearch(db, api.embedder);
  searches.set(api.parts, search);
  let loaders: Loaders | null = null;
  return {
    ...api,
    db,
    viewer,
    projectId: viewer.projectId,
    actor: { type: "USER", name: viewer.name, projectId: viewer.projectId },
    // Some thirty objects, which an open subscription would hold and most events of a stream never ask.
    get loaders() {
      return (loaders ??= createLoaders(api.parts, viewer));
    },
    chunkSearch: search,
  };
}
