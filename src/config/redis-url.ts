import { z } from "zod";

const SERVER_PORT = 6379;
const SENTINEL_PORT = 26379;

/** The setting; null where it is empty. */
export const redisUrl = z.string().transform((value, context): string | null => {
  if (value === "") return null;
  try {
    parseRedisUrl(value);
    return value;
  } catch (error) {
    context.addIssue({ code: "custom", message: `${(error as Error).message}, because Redis carries the hints` });
    return z.NEVER;
  }
});

/** First word of the keys; null where it is empty. */
export const redisPrefix = z
  .string()
  .regex(
    /^[A-Za-z0-9_.:-]{0,100}$/,
    "it must be at most 100 letters, digits, or _ . : -, because keys in Redis begin with it",
  )
  .transform((value) => value || null);

/** What REDIS_URL says. */
export interface RedisUrl {
  readonly scheme: string;
  readonly nodes: readonly { readonly host: string; readonly port: number }[];
  /** What sentinels call the primary; empty for none. */
  readonly name: string;
  readonly options: { readonly username?: string; readonly password?: string; readonly db?: number };
}

/** @throws {TypeError} saying what it must be */
export function parseRedisUrl(text: string): RedisUrl {
  const parts = /^(rediss?(?:\+(?:sentinel|cluster))?):\/\/(?:([^@/]*)@)?([^/?]*)(?:\/([^?]*))?(?:\?(.*))?$/.exec(text);
  if (parts === null)
    throw new TypeError("it must begin with redis://, rediss://, redis+sentinel:// or redis+cluster://");
  const [, scheme, login, hosts, path = "", query = ""] = parts as unknown as [
    string,
    string,
    string?,
    string?,
    string?,
    string?,
  ];
  const usual = scheme.endsWith("sentinel") ? SENTINEL_PORT : SERVER_PORT;
  const nodes = (hosts || "localhost").split(",").map((one) => nodeOf(one, usual));
  if (nodes.length > 1 && !scheme.includes("+"))
    throw new TypeError("it names several hosts, which only redis+sentinel:// and redis+cluster:// may");
  const isSentinel = scheme.endsWith("sentinel");
  if (isSentinel && path === "")
    throw new TypeError("it must end with the name that the sentinels know the primary by, such as /mymaster");
  const number = new URLSearchParams(query).get("db") ?? (isSentinel ? "" : path);
  if (!/^\d*$/.test(number)) throw new TypeError(`its database is "${number}", which must be a number`);
  return {
    scheme,
    nodes,
    name: isSentinel ? decodeURIComponent(path) : "",
    options: { ...loginOf(login), ...(number === "" ? {} : { db: Number(number) }) },
  };
}

function nodeOf(text: string, usual: number): { host: string; port: number } {
  const parts = /^(\[[^\]]+\]|[^:]*)(?::(\d{1,5}))?$/.exec(text);
  if (parts === null) throw new TypeError(`"${text}" in it is not a host with a port`);
  return { host: parts[1]!.replace(/^\[|\]$/g, ""), port: Number(parts[2] ?? usual) };
}

function loginOf(login: string | undefined): { username?: string; password?: string } {
  if (login === undefined || login === "") return {};
  const [username, ...rest] = login.split(":");
  return {
    ...(username ? { username: decodeURIComponent(username) } : {}),
    ...(rest.length > 0 ? { password: decodeURIComponent(rest.join(":")) } : {}),
  };
}
