import { codeOf, type Api } from "./api.js";
import { ClientError } from "./errors.js";
import { CreateUploads } from "./operations.js";
import { pauseMs, pause } from "./waiting.js";

/** File to upload, such as a browser's File. */
export interface UploadFile {
  readonly name: string;
  /** In bytes. */
  readonly size: number;
  /** Declared media type. */
  readonly type?: string;
  slice(start: number, end: number): Blob | Uint8Array<ArrayBuffer> | Promise<Blob | Uint8Array<ArrayBuffer>>;
}

/** Progress of an upload, over all its files. */
export interface UploadProgress {
  readonly sentBytes: number;
  readonly totalBytes: number;
  readonly sentFiles: number;
  readonly totalFiles: number;
}

/** Options of an upload. */
export interface UploadOptions {
  /** ID of the only collection that may use the uploads. */
  readonly collectionId?: string;
  readonly onProgress?: (progress: UploadProgress) => void;
  readonly signal?: AbortSignal;
  /** Number of files to send at the same time. Default: 4. */
  readonly parallel?: number;
  /** Returns the SHA-256 of a file in hex, which the server then checks. It may run in a web worker. */
  readonly sha256?: (file: UploadFile, signal?: AbortSignal) => Promise<string>;
}

/** Uploaded file, as input for addDocuments. */
export interface UploadedFile {
  readonly name: string;
  readonly uploadId: string;
}

const PARALLEL = 4;
/** Announced with one request. */
const GROUP = 50;
/** What is sent with one request: as much as takes about a second or two, so that progress shows and little is lost. */
const MIN_PIECE_BYTES = 256 * 1024;
const FIRST_PIECE_BYTES = 1024 * 1024;
const MAX_PIECE_BYTES = 8 * 1024 * 1024;
const QUICK_MS = 1_000;
const SLOW_MS = 4_000;
/** In a row, without a byte that has come; about a minute. */
const MAX_FAILURES = 10;
const PIECE_DEADLINE_MS = 600_000;
/** What may be otherwise at the next try: another request was at it, too many, the server is away. */
const PASSING_STATUSES: readonly number[] = [408, 409, 423, 425, 429, 500, 502, 503, 504];

/**
 * Uploads files, some in parallel, and resumes after broken connections. If one file cannot be sent, the others stop.
 * Returns them in the order given.
 * @throws {UserErrors} what was wrong with a file @throws {ClientError} @throws the signal's reason
 */
export async function uploadFiles(
  api: Api,
  files: readonly UploadFile[],
  options: UploadOptions = {},
): Promise<readonly UploadedFile[]> {
  const { parallel = PARALLEL, onProgress } = options;
  const failed = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, failed.signal]) : failed.signal;
  const sent = files.map(() => 0);
  let sentFiles = 0;
  const totalBytes = files.reduce((sum, { size }) => sum + size, 0);
  const tell = (): void =>
    onProgress?.({
      sentBytes: sent.reduce((sum, bytes) => sum + bytes, 0),
      totalBytes,
      sentFiles,
      totalFiles: files.length,
    });
  const announced = announcer(api, files, { ...options, signal });
  const done: UploadedFile[] = [];
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < files.length) {
      const index = next++;
      const file = files[index]!;
      const { id, url } = await announced(index);
      await sendFile(api, file, url, signal, (bytes) => {
        sent[index] = bytes;
        tell();
      });
      done[index] = { name: file.name, uploadId: id };
      sentFiles += 1;
      tell();
    }
  };
  await Promise.all(
    Array.from({ length: Math.max(1, parallel) }, () =>
      work().catch((error: unknown) => {
        failed.abort(error);
        throw error;
      }),
    ),
  );
  return done;
}

interface Announced {
  readonly id: string;
  readonly url: string;
}

/** Announces files in groups, each when the first of it is to be sent. */
function announcer(
  api: Api,
  files: readonly UploadFile[],
  { collectionId, sha256, signal }: UploadOptions,
): (index: number) => Promise<Announced> {
  const groups = new Map<number, Promise<readonly Announced[]>>();
  const announce = async (group: readonly UploadFile[]): Promise<readonly Announced[]> => {
    const announced = [];
    for (const file of group) {
      const hash = sha256 ? { sha256: await sha256(file, signal) } : {};
      announced.push({ name: file.name, sizeBytes: file.size, mediaType: file.type || null, ...hash });
    }
    const input = { files: announced, ...(collectionId === undefined ? {} : { collectionId }) };
    return (await api.mutate(CreateUploads, { input }, { signal })).uploads;
  };
  return async (index) => {
    const first = index - (index % GROUP);
    const group = groups.get(first) ?? announce(files.slice(first, first + GROUP));
    groups.set(first, group);
    return (await group)[index - first]!;
  };
}

/** Sends a file piece by piece, and asks where to go on when one did not come through. */
async function sendFile(
  api: Api,
  file: UploadFile,
  url: string,
  signal: AbortSignal,
  onBytes: (bytes: number) => void,
): Promise<void> {
  let [offset, failures, isUnsure] = [0, 0, false];
  let pieceBytes = FIRST_PIECE_BYTES;
  do {
    const before = offset;
    try {
      if (isUnsure) offset = await ask(api, file, url, { method: "HEAD", signal });
      isUnsure = false;
      if (offset > 0 && offset === file.size) break;
      const body = await file.slice(offset, Math.min(offset + pieceBytes, file.size));
      const startedAt = performance.now();
      const headers = { "content-type": "application/offset+octet-stream", "upload-offset": String(offset) };
      offset = await ask(api, file, url, { method: "PATCH", headers, body, signal });
      const tookMs = performance.now() - startedAt;
      if (tookMs < QUICK_MS) pieceBytes = Math.min(MAX_PIECE_BYTES, pieceBytes * 2);
      if (tookMs > SLOW_MS) pieceBytes = Math.max(MIN_PIECE_BYTES, pieceBytes / 2);
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof ClientError) || error.code !== "UNREACHABLE") throw error;
      failures = offset > before ? 1 : failures + 1;
      if (failures > MAX_FAILURES) throw error;
      isUnsure = true;
      await pause(pauseMs(failures), signal);
    }
    if (offset > before) {
      failures = 0;
      onBytes(offset);
    }
  } while (isUnsure || offset < file.size);
}

/** Asks at an upload's address; how much of it has come. @throws {ClientError} UNREACHABLE what may pass, else the server's word */
async function ask(api: Api, file: UploadFile, url: string, init: RequestInit): Promise<number> {
  const headers = { "tus-resumable": "1.0.0", ...(init.headers as Record<string, string> | undefined) };
  const response = await api.send(url, { ...init, headers }, PIECE_DEADLINE_MS);
  const text = await response.text().catch(() => "");
  if (response.ok) return Number(response.headers.get("upload-offset"));
  if (PASSING_STATUSES.includes(response.status)) {
    throw new ClientError("UNREACHABLE", `"${file.name}" was rejected: the server answered ${response.status}.`);
  }
  const [, code = codeOf(response.status)] = /"code":"([A-Z0-9_]+)"/.exec(text) ?? [];
  const [, said = `"the server says ${response.status}."`] = /"message":("(?:[^"\\]|\\.)*")/.exec(text) ?? [];
  throw new ClientError(code, `"${file.name}" was rejected: ${JSON.parse(said) as string}`);
}
