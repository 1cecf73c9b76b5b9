import { GraphQLError } from "graphql";
import { AskedTooMuch } from "../../errors.js";

/** What one answer may hold, in bytes of JSON, where nothing else is set. */
export const MAX_RESPONSE_BYTES = 8_000_000;
/**
 * Rows come whole from the database, though a few of their fields may be asked for: so many times the answer may be read.
 * 50,000 tasks without warnings are some 30 MB.
 */
const READ_FACTOR = 4;
const INSTEAD = "ask for smaller pages, for less text at once (`limit`), or for fewer fields";

/** Counts what one request reads and answers; of a subscription, one event. Once it is spent, every further call throws. */
export class Budget {
  readonly #maxBytes: number;
  #answeredBytes = 0;
  #readBytes = 0;
  #spent: GraphQLError | null = null;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** How many bytes of the answer are left. */
  get leftToAnswer(): number {
    return Math.max(0, this.#maxBytes - this.#answeredBytes);
  }

  /** How many bytes may still be read. */
  get leftToRead(): number {
    return Math.max(0, this.#maxBytes * READ_FACTOR - this.#readBytes);
  }

  /** @throws {GraphQLError} RESPONSE_TOO_LARGE, when it is spent already */
  check(): void {
    if (this.#spent) throw this.#spent;
  }

  /** Takes what a field answers. @throws {GraphQLError} RESPONSE_TOO_LARGE */
  answer(bytes: number): void {
    this.check();
    this.#answeredBytes += bytes;
    if (this.#answeredBytes > this.#maxBytes) this.#end(`The answer has more than ${this.#maxBytes} bytes`);
  }

  /** Takes what was read. @throws {GraphQLError} RESPONSE_TOO_LARGE */
  read(bytes: number): void {
    this.check();
    this.#readBytes += bytes;
    const most = this.#maxBytes * READ_FACTOR;
    if (this.#readBytes > most) this.#end(`The request reads more than ${most} bytes`);
  }

  /**
   * The same error for every field that comes later, with a path, so that graphql-js takes it as it is: an own one for each
   * of 50,000 fields would cost more than the answer that is refused.
   */
  #end(what: string): never {
    const originalError = tooLarge(what);
    this.#spent = new GraphQLError(originalError.message, { path: [], originalError });
    throw this.#spent;
  }
}

/** The refusal of an answer that would be too large. */
export function tooLarge(what: string): AskedTooMuch {
  return new AskedTooMuch("RESPONSE_TOO_LARGE", `${what}; ${INSTEAD}.`);
}

interface Told {
  readonly message: string;
  readonly extensions?: Readonly<Record<string, unknown>> | undefined;
}
interface Result<E> {
  readonly data?: unknown;
  readonly errors?: readonly E[] | undefined;
}

/**
 * A result that was too large, as it is sent: one error in the place of thousands, and no data, of which nobody could say
 * what is missing. Of a mutation what there is stays, since it says what was done.
 */
export function withoutTooLarge<E extends Told, R extends Result<E>>(result: R, isMutation: boolean): R {
  const refusal = result.errors?.find(({ extensions }) => extensions?.code === "RESPONSE_TOO_LARGE");
  if (!refusal) return result;
  const { message, extensions } = refusal;
  return { ...result, data: isMutation ? (result.data ?? null) : null, errors: [{ message, extensions } as E] };
}
