import {
  AddDocuments,
  ClientError,
  createClient,
  GetViewer,
  UserErrors,
  type HeadwayClient,
  type UploadedFile,
  type UploadProgress,
} from "headway-api/client";
import { useSyncExternalStore } from "react";
import { keyRefused, lost, untilWorthAsking } from "./connection";
import { getSession } from "./session";

/** A file on its way. Its name in the collection is its path below what was dropped. */
export interface Outgoing {
  readonly name: string;
  readonly file: File;
}

/** What this page is sending. */
export interface SendingState {
  readonly phase: "idle" | "sending" | "waiting" | "submitting" | "stopped";
  readonly sentBytes: number;
  readonly totalBytes: number;
  readonly sentFiles: number;
  readonly totalFiles: number;
  /** Why it has stopped. */
  readonly problem: string | null;
  /** Files that the server does not take, with its reasons. */
  readonly refused: readonly { readonly name: string; readonly why: string }[];
}

/** As many become documents at once: a break costs at most the uploads of one group. */
const GROUP = 20;
const BUSY_MS = 2_000;
const NOTHING: SendingState = {
  phase: "idle",
  sentBytes: 0,
  totalBytes: 0,
  sentFiles: 0,
  totalFiles: 0,
  problem: null,
  refused: [],
};

let state = NOTHING;
let queue: readonly Outgoing[] = [];
/** Of files that are documents by now. */
let doneBytes = 0;
/** The idempotency key of the submit that is due: sent again after a break, it still makes one job. Null when none is due. */
let dueSubmit: string | null = null;
let stopper = new AbortController();
const listeners = new Set<() => void>();

addEventListener("beforeunload", (event) => {
  // Files that a person chose can't be found again by the page.
  if (state.phase !== "idle") event.preventDefault();
});

export function useSending(): SendingState {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    () => state,
  );
}

/** Sends files and then submits the collection. A file of the same name that has not been sent yet is replaced. */
export function send(files: readonly Outgoing[]): void {
  if (files.length === 0) return;
  const names = new Set(files.map(({ name }) => name));
  queue = [...queue.filter(({ name }) => !names.has(name)), ...files];
  begin();
}

/** Submits documents that are there, such as those of a page that was closed before it could. */
export function submitAll(): void {
  dueSubmit ??= newKey();
  begin();
}

function begin(): void {
  const isResting = state.phase === "idle" || state.phase === "stopped";
  if (state.phase === "idle") {
    doneBytes = 0;
    state = NOTHING;
  }
  tellTotals();
  if (isResting) goOn();
}

export function stop(): void {
  stopper.abort();
  tell({ phase: "stopped", problem: null });
}

/** What was sent stays sent. */
export function goOn(): void {
  stopper = new AbortController();
  tell({ phase: "sending", problem: null });
  const { signal } = stopper;
  void work(signal).catch((error: unknown) => {
    if (!signal.aborted) tell({ phase: "stopped", problem: messageOf(error) });
  });
}

async function work(signal: AbortSignal): Promise<void> {
  do {
    while (queue.length > 0) await sendGroup(queue.slice(0, GROUP), signal);
    if (dueSubmit !== null) {
      const idempotencyKey = dueSubmit;
      tell({ phase: "submitting" });
      await persistently(signal, (api) => submit(api, idempotencyKey, signal));
      dueSubmit = null;
    }
    // Some may have come in while it was submitted.
  } while (queue.length > 0);
  tell({ phase: "idle" });
}

async function sendGroup(group: readonly Outgoing[], signal: AbortSignal): Promise<void> {
  let sent: { readonly key: string; readonly documents: readonly UploadedFile[] } | null = null;
  await persistently(signal, async (api, key) => {
    tell({ phase: "sending" });
    try {
      // Uploads belong to the key that announced them.
      if (sent?.key !== key) sent = { key, documents: await upload(api, group, signal) };
      const input = { collectionId: getSession()!.collectionId, documents: [...sent.documents] };
      // Again and again does no harm: the same bytes under the same name change nothing.
      await api.mutate(AddDocuments, { input }, { signal });
    } catch (error) {
      return leaveOut(error, group);
    }
    dueSubmit = newKey();
    doneBytes += sizeOf(group);
    tell({ sentFiles: state.sentFiles + group.length });
    forget(group);
  });
}

function upload(api: HeadwayClient, group: readonly Outgoing[], signal: AbortSignal): Promise<readonly UploadedFile[]> {
  const files = group.map(({ name, file }) => ({
    name,
    size: file.size,
    type: file.type,
    slice: (start: number, end: number) => file.slice(start, end),
  }));
  const onProgress = ({ sentBytes }: UploadProgress): void => tell({ sentBytes: doneBytes + sentBytes });
  return api.upload(files, { collectionId: getSession()!.collectionId, onProgress, signal });
}

/** Files that the server does not take do not keep the others from it: errors lead to `input.files.3` or `input.documents.3`. */
function leaveOut(error: unknown, group: readonly Outgoing[]): void {
  const found = error instanceof UserErrors ? error.userErrors : [];
  const refused = found.flatMap(({ path, message }) => {
    const one = path?.[2] === undefined ? undefined : group[Number(path[2])];
    return one === undefined ? [] : [{ one, why: message }];
  });
  if (refused.length === 0) throw error;
  tell({ refused: [...state.refused, ...refused.map(({ one, why }) => ({ name: one.name, why }))] });
  forget(refused.map(({ one }) => one));
}

function forget(gone: readonly Outgoing[]): void {
  queue = queue.filter((one) => !gone.includes(one));
  tellTotals();
}

async function submit(api: HeadwayClient, idempotencyKey: string, signal: AbortSignal): Promise<void> {
  const { collectionId } = getSession()!;
  const input = { collectionId, pipeline: "documents", mode: "INCREMENTAL", idempotencyKey } as const;
  await api.submit(input, { signal }).catch((error: unknown) => {
    // Documents can be added only while no job is open: the job that somebody has submitted since then has them.
    if (!(error instanceof ClientError) || error.code !== "ACTIVE_JOB_EXISTS") throw error;
  });
}

/** Does it again after whatever may pass: a broken connection, an expired key, an open job that bars new documents. */
async function persistently(
  signal: AbortSignal,
  act: (api: HeadwayClient, key: string) => Promise<void>,
): Promise<void> {
  for (let failures = 1; ; failures += 1) {
    const { server, key } = getSession()!;
    const api = createClient({ url: server, key });
    try {
      return await act(api, key);
    } catch (thrown) {
      signal.throwIfAborted();
      const error = await reasonOf(thrown, api);
      const code = codeOf(error);
      if (code === "UNAUTHENTICATED") keyRefused(key);
      else if (code === "UNREACHABLE") lost();
      else if (code !== "ACTIVE_JOB_EXISTS") throw error;
      if (code === "ACTIVE_JOB_EXISTS") {
        tell({ phase: "waiting" });
        await new Promise((resolve) => setTimeout(resolve, BUSY_MS));
      } else await untilWorthAsking(failures);
      signal.throwIfAborted();
    } finally {
      await api.close();
    }
  }
}

/** The address of an upload says FORBIDDEN when its key has ended. Whether that is the reason, the API knows. */
function reasonOf(thrown: unknown, api: HeadwayClient): Promise<unknown> {
  if (codeOf(thrown) !== "FORBIDDEN") return Promise.resolve(thrown);
  return api.run(GetViewer, {}).then(
    () => thrown,
    (refusal: unknown) => refusal,
  );
}

function tell(change: Partial<SendingState>): void {
  state = { ...state, ...change };
  for (const listener of listeners) listener();
}

function tellTotals(): void {
  tell({
    sentBytes: doneBytes,
    totalBytes: doneBytes + sizeOf(queue),
    totalFiles: state.sentFiles + queue.length,
  });
}

function sizeOf(files: readonly Outgoing[]): number {
  return files.reduce((sum, { file }) => sum + file.size, 0);
}

/** Not `crypto.randomUUID`, which is not there for pages without TLS. */
function newKey(): string {
  return crypto.getRandomValues(new Uint32Array(4)).join("-");
}

function codeOf(error: unknown): string | null {
  return error instanceof ClientError ? error.code : null;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
