import { z } from "zod";
import { UserFault } from "../errors.js";
import { isStorableText, MUST_BE_STORABLE } from "../model/storable-text.js";

/** A text that Postgres keeps as it is: no U+0000, no half of a surrogate pair. */
export function text(maxLength: number) {
  return z
    .string()
    .max(maxLength, `must have at most ${maxLength.toLocaleString("en")} characters`)
    .refine(isStorableText, MUST_BE_STORABLE);
}

/** What collections, documents and uploads may be called. */
export const Name = text(500)
  .refine((name) => name.trim().length > 0, "must not be blank")
  // eslint-disable-next-line no-control-regex
  .refine((name) => !/[\u0000-\u001f]/.test(name), "must not contain control characters");

/** @throws {UserFault} INVALID_INPUT naming the first wrong field */
export function parse<T>(schema: z.ZodType<T>, value: unknown, path: readonly string[] = []): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0]!;
  const where = [...path, ...issue.path.map(String)];
  throw new UserFault("INVALID_INPUT", `${where.join(".")}: ${issue.message}.`, where);
}
