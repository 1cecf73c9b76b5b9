import { z } from "zod";
import { UserFault } from "../errors.js";

/** What collections, documents and uploads may be called. */
export const Name = z
  .string()
  .refine((name) => name.trim().length > 0, "must not be blank")
  .refine((name) => name.length <= 500, "must have at most 500 characters")
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
