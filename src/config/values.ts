import { z } from "zod";

/** A whole number from min to max; `why` ends what a wrong one is told. */
export function whole(min: number, max: number, why: string): z.ZodType<number> {
  const must = `it must be a whole number from ${min} to ${max}, because ${why}`;
  return z
    .string()
    .regex(/^\d+$/, must)
    .transform(Number)
    .refine((value) => value >= min && value <= max, must) as unknown as z.ZodType<number>;
}

/** An absolute URL with one of the protocols (such as "https:"); null where it is empty. */
export function url(protocols: readonly string[], why: string): z.ZodType<string | null> {
  const must = `it must be a URL that begins with ${protocols.map((protocol) => `${protocol}//`).join(" or ")}, because ${why}`;
  return z.string().transform((value, context) => {
    if (value === "") return null;
    if (URL.canParse(value) && protocols.includes(new URL(value).protocol)) return value;
    context.addIssue({ code: "custom", message: must });
    return z.NEVER;
  }) as unknown as z.ZodType<string | null>;
}

/**
 * A URL as it may be shown. A password that was not percent-encoded may hold anything, "@" and "/" too: all up to the
 * last "@" may be part of it.
 */
export function withoutPassword(value: string): string {
  return value.replace(/^([a-z][a-z\d+.-]*:\/\/)?([^:/@\s]*):.*@/is, "$1$2:***@");
}
