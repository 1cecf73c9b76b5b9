import { GraphQLError } from "graphql";
import { AskedTooMuch } from "../../errors.js";

/** What one answer may hold, in bytes of JSON, where nothing else is set. */
export const MAX_RESPONSE_BYTES = 8_000_000;
/**
 * Rows come whole from the database, though a few of their fields may be asked for: so many times the answer may be read.
 * 50,000 tasks without warnings are some 30 MB.
 */
const READ_FACTOR = 4;
/** Refusals of one mutation that say where they are; the same is known of all that come after them. */
const MAX_LOCATED = 10;
const INSTEAD = "ask for smaller pages, for less text at once (`limit`), or for fewer fields";

/** Counts what one request reads and answers; of a subscription, one event. Once it is spent, every further call throws. */
export class Budget {
  readonly #maxBytes: number;
  #answeredBytes = 0;
  #readBytes = 0;
  #spent: GraphQLError | null = null;
  #lastRead: Promise<unknown> = Promise.resolve();
  readonly #carriedOut: string[] = [];
  #leftToLocate = 0;

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
    if (!this.#spent) return;
    if (this.#leftToLocate === 0) throw this.#spent;
    this.#leftToLocate -= 1;
    throw this.#spent.originalError!;
  }

  /** Runs `read` when those before it have ended, however they ended. */
  inTurn<T>(read: () => Promise<T>): Promise<T> {
    const mine = this.#lastRead.then(read);
    this.#lastRead = mine.catch(() => undefined);
    return mine;
  }

  /** A mutation begins: its first refusals say where in the answer they are. */
  beginMutation(): void {
    this.#leftToLocate = MAX_LOCATED;
  }

  /** A mutation of this name has been carried out: every refusal of this budget says so, since its answer may be lost. */
  noteCarriedOut(name: string): void {
    this.#carriedOut.push(name);
  }

  /** Takes what must be answered, be there room for it or not. */
  answerAnyway(bytes: number): void {
    this.#answeredBytes += bytes;
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
   * of 50,000 fields would cost more than the answer that is refused. Only a mutation's first ones get their paths.
   */
  #end(what: string): never {
    const originalError = tooLarge(what, this.#carriedOut);
    this.#spent = new GraphQLError(originalError.message, { path: [], originalError });
    this.check();
    throw this.#spent;
  }
}

/** The refusal of an answer that would be too large. `carriedOut` may grow until the refusal is sent. */
export function tooLarge(what: string, carriedOut: readonly string[] = []): AskedTooMuch {
  return new AskedTooMuch("RESPONSE_TOO_LARGE", `${what}; ${INSTEAD}.`, { carriedOut });
}

interface Told {
  readonly message: string;
  readonly path?: readonly unknown[] | undefined;
  readonly extensions?: Readonly<Record<string, unknown>> | undefined;
}
interface Result<E> {
  readonly data?: unknown;
  readonly errors?: readonly E[] | undefined;
}

/**
 * A result that was too large, as it is sent. Of a query: one error in the place of thousands, and no data, of which nobody
 * could say what is missing. Of a mutation: what there is, since it says what was done, every other error, and of the
 * refusals those that say where they are.
 */
export function withoutTooLarge<E extends Told, R extends Result<E>>(result: R, isMutation: boolean): R {
  const refusals = result.errors?.filter(isRefusal) ?? [];
  const [first] = refusals;
  if (!first) return result;
  const unlocated = { message: first.message, extensions: first.extensions } as E;
  if (!isMutation) return { ...result, data: null, errors: [unlocated] };
  const located = refusals.filter(({ path }) => (path?.length ?? 0) > 0);
  const others = result.errors!.filter((error) => !isRefusal(error));
  return { ...result, errors: [...others, ...(located.length > 0 ? located : [unlocated])] };
}

function isRefusal({ extensions }: Told): boolean {
  return extensions?.code === "RESPONSE_TOO_LARGE";
}
