import { AddDocuments, ClientError, UserErrors, type HeadwayClient } from "../../client.js";
import type { FoundFile } from "./dropped-files.js";
import { Gate } from "./gate.js";

/** How a file that is sent stands. SENT: its bytes have come in, and it is not yet a document. */
export type SendingState = "WAITING" | "SENDING" | "SENT" | "ADDED" | "FAILED" | "CANCELLED";

/** A file on its way to become a document. */
export interface Sending {
  readonly id: number;
  readonly name: string;
  readonly sizeBytes: number;
  readonly sentBytes: number;
  readonly state: SendingState;
  /** Why it failed; null otherwise. */
  readonly fault: string | null;
}

/** All files of one collection since the list was last cleared. */
export interface SendingList {
  readonly files: readonly Sending[];
  readonly isPaused: boolean;
}

/** Files at once. */
const PARALLEL = 4;
/** Documents that are added with one request. */
const GROUP = 50;
/** What is added waits this long for more to be added with it. */
const GATHER_MS = 300;
/** A request that broke, or met a server that was starting, is sent again so often, ever later. */
const MAX_TRIES = 6;
const PASSING: readonly string[] = ["UNREACHABLE", "INTERNAL", "SERVICE_BUSY"];
/** The page is told of progress at most this often. */
const TELL_MS = 100;

interface Entry {
  sending: Sending;
  readonly file: File;
  readonly abort: AbortController;
  uploadId: string | null;
}

/**
 * Sends files to a collection and makes documents of them. Each stands for itself: one that is refused does not keep the
 * others. A pause holds them between two pieces, and goes on with the next one.
 */
export class UploadQueue {
  #list: SendingList = { files: [], isPaused: false };
  readonly #entries = new Map<number, Entry>();
  readonly #listeners = new Set<() => void>();
  readonly #added = new Set<() => void>();
  readonly #gate = new Gate();
  readonly #counts: Record<SendingState, number> = {
    WAITING: 0,
    SENDING: 0,
    SENT: 0,
    ADDED: 0,
    FAILED: 0,
    CANCELLED: 0,
  };
  /** Those that wait, in their order; what has been cancelled meanwhile is passed over. */
  readonly #waiting: Entry[] = [];
  #lastId = 0;
  #working = 0;
  #telling: ReturnType<typeof setTimeout> | undefined;
  #gathering: ReturnType<typeof setTimeout> | undefined;
  #isAdding = false;

  constructor(
    private readonly collectionId: string,
    private readonly client: () => Promise<HeadwayClient>,
  ) {}

  get list(): SendingList {
    return this.#list;
  }

  readonly listen = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  };

  /** Calls `listener` whenever files have become documents. */
  onAdded(listener: () => void): () => void {
    this.#added.add(listener);
    return () => void this.#added.delete(listener);
  }

  send(found: readonly FoundFile[]): void {
    for (const { name, file } of found) {
      const id = (this.#lastId += 1);
      this.#enter(file, { id, name, sizeBytes: file.size, sentBytes: 0, state: "WAITING", fault: null });
    }
    this.#tell();
    this.#work();
  }

  pause(): void {
    this.#gate.close();
    this.#tell();
  }

  resume(): void {
    this.#gate.open();
    this.#tell();
    this.#work();
  }

  /** What is a document already stays one. */
  cancel(): void {
    for (const entry of this.#entries.values()) {
      if (!isOpen(entry.sending)) continue;
      this.#become(entry, { state: "CANCELLED" });
      entry.abort.abort(new Error("cancelled"));
    }
    this.#gate.open();
    this.#tell();
  }

  /** Sends what failed or was cancelled once more. */
  again(): void {
    for (const [id, { sending, file }] of this.#entries) {
      if (sending.state !== "FAILED" && sending.state !== "CANCELLED") continue;
      this.#counts[sending.state] -= 1;
      this.#enter(file, { ...sending, id, state: "WAITING", fault: null, sentBytes: 0 });
    }
    this.#tell();
    this.#work();
  }

  /** Forgets what is no longer under way. */
  clear(): void {
    for (const [id, { sending }] of this.#entries) {
      if (isOpen(sending)) continue;
      this.#counts[sending.state] -= 1;
      this.#entries.delete(id);
    }
    this.#tell();
  }

  #enter(file: File, sending: Sending): void {
    const entry: Entry = { sending, file, abort: new AbortController(), uploadId: null };
    this.#entries.set(sending.id, entry);
    this.#counts.WAITING += 1;
    this.#waiting.push(entry);
  }

  #work(): void {
    while (this.#working < PARALLEL && this.#gate.isOpen) {
      const next = this.#waiting.shift();
      if (!next) return;
      if (next.sending.state !== "WAITING") continue;
      this.#become(next, { state: "SENDING" });
      this.#working += 1;
      void this.#sendOne(next).finally(() => {
        this.#working -= 1;
        this.#work();
        this.#gather();
      });
    }
  }

  async #sendOne(entry: Entry): Promise<void> {
    const { file, abort } = entry;
    const { signal } = abort;
    let hasBegun = false;
    try {
      const gated = {
        name: entry.sending.name,
        size: file.size,
        type: file.type,
        slice: async (start: number, end: number): Promise<Blob> => {
          hasBegun = true;
          this.#become(entry, { sentBytes: start });
          await this.#gate.pass(signal);
          return file.slice(start, end);
        },
      };
      const options = { collectionId: this.collectionId, parallel: 1, signal };
      // Once bytes go, the client takes up by itself what broke; before that, nothing is lost by beginning anew.
      const mayRepeat = (): boolean => !hasBegun && !signal.aborted;
      const [uploaded] = await repeat(async () => (await this.client()).upload([gated], options), mayRepeat, signal);
      if (signal.aborted) return;
      entry.uploadId = uploaded!.uploadId;
      this.#become(entry, { state: "SENT", sentBytes: file.size });
    } catch (error) {
      if (!signal.aborted) this.#become(entry, { state: "FAILED", fault: messageOf(error) });
    }
  }

  #gather(): void {
    if (this.#isAdding || this.#counts.SENT === 0) return;
    const isDone = this.#working === 0 && this.#counts.WAITING === 0;
    // Nothing else is coming: there is nothing to wait for.
    if (isDone) clearTimeout(this.#gathering);
    else if (this.#gathering !== undefined) return;
    this.#gathering = setTimeout(() => void this.#add(), isDone ? 0 : GATHER_MS);
  }

  async #add(): Promise<void> {
    this.#gathering = undefined;
    this.#isAdding = true;
    const named = new Map<string, Entry>();
    for (const entry of this.#entries.values()) {
      // A request takes no two of one name: the later one is added after the one before it.
      const { state, name } = entry.sending;
      if (state === "SENT" && named.size < GROUP && !named.has(name)) named.set(name, entry);
    }
    const group = [...named.values()];
    const documents = group.map(({ sending: { name }, uploadId }) => ({ name, uploadId: uploadId! }));
    try {
      await this.#addAll(documents);
      for (const entry of group) this.#become(entry, { state: "ADDED" });
      for (const listener of this.#added) listener();
    } catch (error) {
      this.#refuse(group, error);
    }
    this.#isAdding = false;
    this.#tell();
    this.#gather();
  }

  /** Adding the same once more changes nothing, so what broke is tried again. */
  async #addAll(documents: readonly { name: string; uploadId: string }[]): Promise<void> {
    const client = await this.client();
    const input = { collectionId: this.collectionId, documents: [...documents] };
    await repeat(() => client.mutate(AddDocuments, { input }));
  }

  /** Where the server says which documents it does not take, the others are added without them. */
  #refuse(group: readonly Entry[], error: unknown): void {
    const named = error instanceof UserErrors ? error.userErrors.filter(({ path }) => path?.[1] === "documents") : [];
    for (const { path, message } of named) {
      const entry = group[Number(path?.[2])];
      if (entry) this.#become(entry, { state: "FAILED", fault: message });
    }
    if (group.some(({ sending }) => sending.state === "FAILED")) return;
    for (const entry of group) this.#become(entry, { state: "FAILED", fault: messageOf(error) });
  }

  #become(entry: Entry, part: Partial<Sending>): void {
    // It may have been sent anew meanwhile, as another.
    if (this.#entries.get(entry.sending.id) !== entry) return;
    this.#counts[entry.sending.state] -= 1;
    entry.sending = { ...entry.sending, ...part };
    this.#counts[entry.sending.state] += 1;
    this.#telling ??= setTimeout(() => this.#tell(), TELL_MS);
  }

  #tell(): void {
    clearTimeout(this.#telling);
    this.#telling = undefined;
    const files = [...this.#entries.values()].map(({ sending }) => sending);
    this.#list = { files, isPaused: !this.#gate.isOpen };
    for (const listener of this.#listeners) listener();
  }
}

/** Whether it is still on its way. */
export function isOpen({ state }: Sending): boolean {
  return state === "WAITING" || state === "SENDING" || state === "SENT";
}

/** Does `work`, and does it again, ever later, while it fails with what passes and `mayRepeat` allows it. */
async function repeat<T>(work: () => Promise<T>, mayRepeat = () => true, signal?: AbortSignal): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await work();
    } catch (error) {
      const isPassing = error instanceof ClientError && PASSING.includes(error.code);
      if (tries === MAX_TRIES || !isPassing || !mayRepeat()) throw error;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 500 * 2 ** tries);
        signal?.addEventListener("abort", () => (clearTimeout(timer), resolve()), { once: true });
      });
      signal?.throwIfAborted();
    }
  }
}

function messageOf(error: unknown): string {
  if (error instanceof ClientError && error.code === "UNREACHABLE") {
    return `The connection was lost and did not recover in time. Retry the upload. (${error.message})`;
  }
  return error instanceof Error ? error.message : String(error);
}
