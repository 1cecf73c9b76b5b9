import { codeOf, type Api } from "./api.js";
import { ClientError } from "./errors.js";
import { pauseMs, pause } from "./waiting.js";

/** Options of a download. */
export interface DownloadOptions {
  readonly signal?: AbortSignal;
  /** `totalBytes` is null until the server has sent it. */
  readonly onProgress?: (progress: { readonly receivedBytes: number; readonly totalBytes: number | null }) => void;
}

/** A complete downloaded file. */
export interface DownloadedFile {
  readonly name: string | null;
  readonly mediaType: string;
  readonly bytes: Blob;
}

const DEADLINE_MS = 600_000;
const MAX_FAILURES = 10;

/**
 * Downloads an artifact or an original by its `url` or a signed URL. Resumes after a broken connection if the file is unchanged.
 * @throws {ClientError} with the server's code, UNREACHABLE @throws the signal's reason
 */
export async function downloadFile(api: Api, address: string, options: DownloadOptions = {}): Promise<DownloadedFile> {
  const { signal, onProgress } = options;
  const url = new URL(address, `${api.url}/`);
  // The key is this server's alone, wherever an address may lead.
  const isOurs = url.origin === new URL(api.url).origin && !url.searchParams.has("signature");
  const key = isOurs ? api.headers : {};
  let pieces: Uint8Array<ArrayBuffer>[] = [];
  let [receivedBytes, failures] = [0, 0];
  let totalBytes: number | null = null;
  let etag: string | null = null;
  for (;;) {
    const before = receivedBytes;
    let response: Response | null = null;
    try {
      const range = etag !== null && receivedBytes > 0 ? { range: `bytes=${receivedBytes}-`, "if-range": etag } : null;
      response = await api.send(url.href, { headers: { ...key, ...range }, signal: signal ?? null }, DEADLINE_MS);
      if (!response.ok) throw refused(url, response.status);
      if (response.status !== 206) [pieces, receivedBytes] = [[], 0];
      etag = response.headers.get("etag");
      const length = response.headers.get("content-length");
      totalBytes = length === null ? null : receivedBytes + Number(length);
      for await (const piece of piecesOf(response, api.url)) {
        pieces.push(piece);
        receivedBytes += piece.byteLength;
        onProgress?.({ receivedBytes, totalBytes });
      }
      return fileOf(response, pieces);
    } catch (error) {
      signal?.throwIfAborted();
      // It broke behind the last byte.
      if (response !== null && receivedBytes > before && receivedBytes === totalBytes) return fileOf(response, pieces);
      if (!(error instanceof ClientError) || error.code !== "UNREACHABLE") throw error;
      failures = receivedBytes > before ? 1 : failures + 1;
      if (failures > MAX_FAILURES) throw error;
      await pause(pauseMs(failures), signal);
    }
  }
}

async function* piecesOf({ body }: Response, from: string): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  if (body === null) return;
  const reader = body.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value as Uint8Array<ArrayBuffer>;
    }
  } catch (error) {
    throw new ClientError("UNREACHABLE", `The connection to ${from} broke during a download.`, { cause: error });
  } finally {
    reader.cancel().catch(() => undefined);
  }
}

function fileOf({ headers }: Response, pieces: readonly Uint8Array<ArrayBuffer>[]): DownloadedFile {
  const mediaType = headers.get("content-type") ?? "application/octet-stream";
  const [, encoded] = /filename\*=UTF-8''([^;]+)/i.exec(headers.get("content-disposition") ?? "") ?? [];
  const name = encoded === undefined ? null : decodeURIComponent(encoded);
  return { name, mediaType, bytes: new Blob([...pieces], { type: mediaType }) };
}

function refused(url: URL, status: number): ClientError {
  // A server that is stopping, or a proxy without one, is back in a moment.
  const code = status >= 500 || status === 429 ? "UNREACHABLE" : codeOf(status);
  return new ClientError(code, `${url.origin}${url.pathname} cannot be downloaded: the server answered ${status}.`);
}
