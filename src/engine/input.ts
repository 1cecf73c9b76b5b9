import { z } from "zod";
import { UserFault, UserFaults } from "../errors.js";
import { isStorableText, MUST_BE_STORABLE } from "../model/storable-text.js";

/** A text that Postgres keeps as it is: no U+0000, no half of a surrogate pair. */
export function text(maxLength: number) {
  return z
    .string()
    .max(maxLength, `must have at most ${maxLength.toLocaleString("en")} characters`)
    .refine(isStorableText, MUST_BE_STORABLE);
}

export const MAX_NAME_LENGTH = 500;

/** What collections, documents and uploads may be called. */
export const Name = text(MAX_NAME_LENGTH)
  .refine((name) => name.trim().length > 0, "must not be blank")
  // eslint-disable-next-line no-control-regex
  .refine((name) => !/[\u0000-\u001f]/.test(name), "must not contain control characters");

/** Whether a text is an id. */
export function isUuid(value: string): boolean {
  return /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i.test(value);
}

/** An id of an input, in lower case. @throws {UserFault} INVALID_INPUT */
export function idOf(value: string, path: readonly string[]): string {
  if (isUuid(value)) return value.toLowerCase();
  throw new UserFault(
    "INVALID_INPUT",
    `${path.join(".")}: "${value.slice(0, 100)}" is not an ID; IDs are UUIDs.`,
    path,
  );
}

/** What an input says, if the schema takes it. @throws {UserFault} INVALID_INPUT, one for each wrong field */
export function parse<T>(schema: z.ZodType<T>, value: unknown, path: readonly string[] = []): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const byField = new Map<string, UserFault>();
  for (const issue of result.error.issues) {
    const where = [...path, ...issue.path.map(String)];
    const field = where.join(".");
    // What is wrong with a field in several ways is told in the first.
    if (!byField.has(field)) {
      byField.set(field, new UserFault("INVALID_INPUT", `${field}: ${issue.message}.`, where));
    }
  }
  throw new UserFaults([...byField.values()]);
}

/** Gathers what is wrong with an input, so that whoever sent it learns all of it at once. */
export class Faults {
  readonly #found: UserFault[] = [];

  get isEmpty(): boolean {
    return this.#found.length === 0;
  }

  add(fault: UserFault): void {
    this.#found.push(...(fault instanceof UserFaults ? fault.all : [fault]));
  }

  /** What `read` returns; undefined where it throws a UserFault, which is kept. */
  note<T>(read: () => T): T | undefined {
    try {
      return read();
    } catch (error) {
      return this.#keep(error);
    }
  }

  /** As `note`, of what takes its time. */
  async noteLater<T>(read: () => Promise<T>): Promise<T | undefined> {
    try {
      return await read();
    } catch (error) {
      return this.#keep(error);
    }
  }

  /** @throws {UserFaults} where there are any */
  assertNone(): void {
    if (!this.isEmpty) throw new UserFaults(this.#found);
  }

  #keep(error: unknown): undefined {
    if (!(error instanceof UserFault)) throw error;
    this.add(error);
  }
}
