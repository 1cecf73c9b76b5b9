import { ClientError } from "../client/errors.js";
import type { FollowedEvent, FollowOptions } from "../client/follow.js";
import { HeadwayClient } from "../client/headway-client.js";
import type { Operation } from "../client/operation.js";
import type { UploadedFile, UploadFile, UploadOptions } from "../client/upload.js";
import { HeadwayError } from "../errors.js";

export interface ApiClientOptions {
  /** How often a socket that broke is opened again with the same variables; 10 by default, 0 where the caller resumes. */
  readonly reconnects?: number;
}

/**
 * What commands ask with: the client that is for everybody (`headway-api/client`), with any operation by its text, and with
 * errors that say what whoever typed a command can do.
 */
export class ApiClient {
  readonly #client: HeadwayClient;

  /**
   * @param url such as "http://127.0.0.1:4000"
   * @param key such as "hw_…"; null shows none
   */
  constructor(
    readonly url: string,
    key: string | null,
    options: ApiClientOptions = {},
  ) {
    this.#client = new HeadwayClient({
      url,
      key,
      reconnects: options.reconnects ?? 10,
      // Loaded for the first socket: most commands ask a question or two, and end.
      webSocket: async () => (await import("ws")).WebSocket,
    });
  }

  /**
   * Asks again when it was refused for asking too often.
   * @throws {HeadwayError} with the first GraphQL error's code and message; UNREACHABLE, NOT_HEADWAY
   */
  query<T>(query: string, variables: Record<string, unknown> = {}): Promise<T> {
    return told(this.#client.run(query as Operation<T, Record<string, unknown>>, variables));
  }

  /** Runs a mutation and returns its payload. @throws {HeadwayError} with the first user error's code and message */
  async mutate<T extends { userErrors: { code: string; message: string }[] }>(
    mutation: string,
    variables: Record<string, unknown>,
  ): Promise<T> {
    const [payload] = Object.values(await this.query<Record<string, T>>(mutation, variables));
    const first = payload!.userErrors[0];
    if (first) throw new HeadwayError(first.code, first.message);
    return payload!;
  }

  /** Sends files, some at once, each going on where it broke off. @throws {HeadwayError} with the server's code, UNREACHABLE */
  upload(files: readonly UploadFile[], options?: UploadOptions): Promise<readonly UploadedFile[]> {
    return told(this.#client.upload(files, options));
  }

  /** Every change of a job once and in order, over as many connections as it takes; see followJob. @throws {HeadwayError} */
  async *follow(jobId: string, options: FollowOptions): AsyncGenerator<FollowedEvent, void> {
    try {
      yield* this.#client.follow(jobId, options);
    } catch (error) {
      throw inWords(error);
    }
  }

  /** A link that signs a browser in, once. @throws {HeadwayError} with the server's code, UNREACHABLE */
  async signInLink(): Promise<string> {
    const { headers } = this.#client;
    const { path, errors } = await told(
      this.#client.json<{ path: string; errors?: { message: string; extensions: { code: string } }[] }>(
        `${this.url}/playground/links`,
        { method: "POST", headers },
      ),
    );
    if (errors?.[0]) throw new HeadwayError(errors[0].extensions.code, errors[0].message);
    return this.url + path;
  }

  /** The bytes of an artifact. @throws {HeadwayError} with the server's code, UNREACHABLE */
  async download(url: string): Promise<Uint8Array> {
    const { bytes } = await told(this.#client.download(url));
    return new Uint8Array(await bytes.arrayBuffer());
  }

  /** Ends when the server completes the subscription, when the loop over it is left, or by `return()` while waiting. */
  subscribe<T extends Record<string, unknown>>(
    query: string,
    variables: Record<string, unknown>,
  ): AsyncIterableIterator<T> {
    const events = this.#client.subscribe(query as Operation<T, Record<string, unknown>>, variables);
    const iterator: AsyncIterableIterator<T> = {
      [Symbol.asyncIterator]: () => iterator,
      next: () => told(events.next()),
      return: () => told(events.return!()),
    };
    return iterator;
  }

  /** Ends all subscriptions; what is asked after it is refused, so that work that is under way ends soon. */
  async close(): Promise<void> {
    await this.#client.close();
  }
}

async function told<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw inWords(error);
  }
}

/** What a client's error means to whoever typed a command; anything else as it is, such as what a socket broke with. */
function inWords(error: unknown): unknown {
  if (!(error instanceof ClientError)) return error;
  const { code, message } = error;
  return new HeadwayError(code, sentence(code, message), {}, { cause: error });
}

function sentence(code: string, message: string): string {
  // Our own documents are right for the schema they were written for.
  if (code === "GRAPHQL_VALIDATION_FAILED")
    return `This server runs another version and does not support this: ${message}`;
  if (code === "UNREACHABLE" && message.startsWith("No Headway server answers")) {
    return `${message} Start one with "npx headway-api start", or say where it is with --url or HEADWAY_URL.`;
  }
  if (code === "UNREACHABLE" && message.startsWith("The certificate")) {
    return `${message} Name the file of its authority in NODE_EXTRA_CA_CERTS.`;
  }
  if (code === "NOT_HEADWAY") return `${message} Say where it is with --url or HEADWAY_URL.`;
  return message;
}
