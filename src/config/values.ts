import { isIPv6 } from "node:net";
import { availableParallelism } from "node:os";
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

/** As `whole`, or null where it is empty. */
export function wholeOrNone(min: number, max: number, why: string): z.ZodType<number | null> {
  const error = `it must be empty or a whole number from ${min} to ${max}, because ${why}`;
  const some = z.union([z.literal("").transform(() => null), whole(min, max, why)], { error });
  return some as unknown as z.ZodType<number | null>;
}

/** As `whole`, or the number of cores where it is "auto". */
export function wholeOrCores(min: number, max: number, why: string): z.ZodType<number> {
  const error = `it must be auto or a whole number from ${min} to ${max}, because ${why}`;
  const cores = z.literal("auto").transform(() => Math.min(max, Math.max(min, availableParallelism())));
  return z.union([cores, whole(min, max, why)], { error }) as unknown as z.ZodType<number>;
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

/** Where a server with these settings is found from the same machine. */
export function urlHere(host: string, port: number): string {
  // A server may listen on all addresses; a client goes to one.
  const reached = { "0.0.0.0": "127.0.0.1", "::": "[::1]" }[host] ?? (isIPv6(host) ? `[${host}]` : host);
  return `http://${reached}:${port}`;
}

/** For addresses that something is put behind. */
export function withoutSlash(url: string): string {
  return url.replace(/\/+$/, "");
}

/** A setting's value as its fault may name it: no secret. */
export function shownValue(name: string, value: string): string {
  return /KEY(_ID)?$|TOKEN$/.test(name) ? "not shown" : JSON.stringify(withoutPassword(value));
}
