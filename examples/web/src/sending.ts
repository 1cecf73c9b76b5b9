import { AddDocuments, ClientError, createClient, GetViewer, UserErrors, type HeadwayClient } from "headway-api/client";
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
  const names = new Set(files.map(({ name }) => name));
  queue = [...queue.filter(({ name }) => !names.has(name)), ...files];
  const before = state.phase === "idle" ? NOTHING : state;
  tell({
    phase: before.phase,
    refused: before.refused,
    sentFiles: before.sentFiles,
    sentBytes: before.sentBytes,
    totalFiles: before.sentFiles + queue.length,
    totalBytes: before.sentBytes + sizeOf(queue),
  });
  if (state.phase === "idle" || state.phase === "stopped") goOn();
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
  while (queue.length > 0) await persistently(signal, (api) => sendGroup(api, queue.slice(0, GROUP), signal));
  tell({ phase: "submitting" });
  await persistently(signal, (api) => submit(api, signal));
  tell({ phase: "idle" });
}

/** Uploads some files and makes documents of them. One that the server refuses does not keep the others from it. */
async function sendGroup(api: HeadwayClient, group: readonly Outgoing[], signal: AbortSignal): Promise<void> {
  const { collectionId } = getSession()!;
  const { sentBytes } = state;
  const forget = (gone: readonly Outgoing[]): void => void (queue = queue.filter((one) => !gone.includes(one)));
  try {
    const files = group.map(({ name, file }) => ({
      name,
      size: file.size,
      type: file.type,
      slice: (start: number, end: number) => file.slice(start, end),
    }));
    const onProgress = (sent: { readonly sentBytes: number }): void =>
      tell({ phase: "sending", sentBytes: sentBytes + sent.sentBytes });
    const documents = await api.upload(files, { collectionId, onProgress, signal });
    // Again and again does no harm: the same bytes under the same name change nothing.
    await api.mutate(AddDocuments, { input: { collectionId, documents: [...documents] } }, { signal });
    forget(group);
    tell({ sentFiles: state.sentFiles + group.length, sentBytes: sentBytes + sizeOf(group) });
  } catch (error) {
    tell({ sentBytes });
    const refused = error instanceof UserErrors ? refusedOf(error, group) : [];
    if (refused.length === 0) throw error;
    forget(refused.map(({ one }) => one));
    tell({
      refused: [...state.refused, ...refused.map(({ one, why }) => ({ name: one.name, why }))],
      totalFiles: state.sentFiles + queue.length,
      totalBytes: sentBytes + sizeOf(queue),
    });
  }
}

async function submit(api: HeadwayClient, signal: AbortSignal): Promise<void> {
  const input = { collectionId: getSession()!.collectionId, pipeline: "documents", mode: "INCREMENTAL" } as const;
  await api.submit(input, { signal }).catch((error: unknown) => {
    // Documents can be added only while no job is open: the job that somebody has submitted since then has them.
    if (!(error instanceof ClientError) || error.code !== "ACTIVE_JOB_EXISTS") throw error;
  });
}

/** Does it again after whatever may pass: a broken connection, an expired key, an open job that bars new documents. */
async function persistently(signal: AbortSignal, act: (api: HeadwayClient) => Promise<void>): Promise<void> {
  for (let failures = 1; ; failures += 1) {
    const { server, key } = getSession()!;
    const api = createClient({ url: server, key });
    try {
      return await act(api);
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

/** The files that the errors are about: their paths lead to `input.files.3` or `input.documents.3`. */
function refusedOf(errors: UserErrors, group: readonly Outgoing[]): { one: Outgoing; why: string }[] {
  return errors.userErrors.flatMap(({ path, message }) => {
    const one = path?.[2] === undefined ? undefined : group[Number(path[2])];
    return one === undefined ? [] : [{ one, why: message }];
  });
}

function tell(change: Partial<SendingState>): void {
  state = { ...state, ...change };
  for (const listener of listeners) listener();
}

function sizeOf(files: readonly Outgoing[]): number {
  return files.reduce((sum, { file }) => sum + file.size, 0);
}

function codeOf(error: unknown): string | null {
  return error instanceof ClientError ? error.code : null;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
