import { realpath } from "node:fs/promises";
import { isIP } from "node:net";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { PermanentError, UserFault } from "../errors.js";
import type { Networks } from "./networks.js";

/** Where documents may be fetched from. */
export interface SourceRules {
  /** Folders for `file:`, absolute. */
  readonly fileRoots: readonly string[];
  /** Addresses for `http:` and `https:`. */
  readonly networks: Networks;
  /** Places for `s3:`, such as "s3://bucket/folder". */
  readonly s3Sources: readonly string[];
}

/**
 * Sees that a `uri` is one that may be fetched, as far as the uri itself tells: a `file:` below one of the roots, links
 * followed; an `http:` or `https:` URL without credentials, whose address, where it is written as one, is public; an
 * `s3:` object below one of the sources. A file that does not exist is let through, and so is a name that is not
 * resolved yet: their tasks fail at `download`, by their names.
 * @throws {UserFault} URI_REFUSED
 */
export async function assertUri(uri: string, rules: SourceRules, field: readonly string[]): Promise<void> {
  try {
    await check(uri, rules);
  } catch (error) {
    if (!(error instanceof PermanentError)) throw error;
    if (error.code === "NOT_READABLE") return;
    throw new UserFault("URI_REFUSED", error.message, field);
  }
}

async function check(uri: string, rules: SourceRules): Promise<void> {
  if (uri.length > MAX_URI_LENGTH) {
    throw refused(uri, `it has ${uri.length} characters; the limit is ${MAX_URI_LENGTH}`);
  }
  const url = parseUri(uri);
  switch (url.protocol) {
    case "http:":
    case "https:":
      return assertHttpUrl(url, rules.networks);
    case "s3:":
      return void resolveS3Uri(uri, rules.s3Sources);
    default:
      await resolveFileUri(uri, rules.fileRoots);
  }
}

const MAX_URI_LENGTH = 8_000;

/** @throws {PermanentError} URI_REFUSED for what is not an absolute URI, or holds what no database takes */
function parseUri(uri: string): URL {
  if (uri.includes("\0")) throw refused(uri.replaceAll("\0", "\uFFFD"), "it contains the character U+0000");
  if (!URL.canParse(uri))
    throw refused(uri, "it is not an absolute URI; give one that begins with https:, file: or s3:");
  return new URL(uri);
}

/**
 * Sees that a URL may be asked, before a byte is sent; what a name resolves to is seen to when it is connected to.
 * The parser has brought decimal, octal, hexadecimal and abbreviated IPv4 addresses into their usual form.
 * @throws {PermanentError} URI_REFUSED
 */
export function assertHttpUrl(url: URL, networks: Networks): void {
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    throw refused(url.href, `the scheme ${url.protocol} is not one of a web server`);
  }
  if (url.username !== "" || url.password !== "") {
    throw refused(url.href, "it contains credentials, which would be stored and shown; use an address without them");
  }
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
  const port = portOf(url);
  if (isIP(host) !== 0) {
    const why = networks.whyRefused(host, port);
    if (why !== null) throw refused(url.href, why);
  } else if (/(^|\.)localhost\.?$/i.test(host)) {
    const why = networks.whyRefused("127.0.0.1", port) && networks.whyRefused("::1", port);
    if (why !== null) throw refused(url.href, `${host} is this machine, and ${why}`);
  } else if (!networks.opensMore) {
    const why = networks.whyRefused(ANY_PUBLIC_ADDRESS, port);
    if (why !== null) throw refused(url.href, why);
  }
}

/** Stands for whatever a name resolves to where no other addresses than public ones are open. */
const ANY_PUBLIC_ADDRESS = "1.1.1.1";

/** The port that a URL is asked at. */
export function portOf(url: URL): number {
  return url.port === "" ? (url.protocol === "https:" ? 443 : 80) : Number(url.port);
}

/**
 * Bucket and key of an `s3://bucket/key`, below one of the sources.
 * @throws {PermanentError} URI_REFUSED
 */
export function resolveS3Uri(
  uri: string,
  sources: readonly string[],
): { readonly bucket: string; readonly key: string } {
  const url = parseUri(uri);
  if (url.search !== "" || url.hash !== "" || url.username !== "" || url.port !== "") {
    throw refused(uri, "it is more than a bucket and a key; write ? and # in a key as %3F and %23");
  }
  let key: string;
  try {
    key = decodeURIComponent(url.pathname.slice(1));
  } catch {
    throw refused(uri, "its key is not percent-encoded correctly");
  }
  if (url.hostname === "" || key === "") throw refused(uri, "it names no object; the format is s3://bucket/key");
  if (key.split("/").some((part) => part === ".." || part === ".") || key.includes("\0")) {
    throw refused(uri, 'its key holds "." or "..", or U+0000');
  }
  if (sources.length === 0) throw refused(uri, "s3: sources are not enabled; add places to HEADWAY_S3_SOURCES");
  const place = `s3://${url.hostname}/${key}`;
  if (!sources.some((source) => place.startsWith(`${source.replace(/\/$/, "")}/`))) {
    throw refused(uri, "it is outside the places of HEADWAY_S3_SOURCES");
  }
  return { bucket: url.hostname, key };
}

/**
 * The real path behind a `file:` URI.
 * @throws {PermanentError} URI_REFUSED outside the roots or of another scheme, NOT_READABLE where there is no such file
 */
export async function resolveFileUri(uri: string, roots: readonly string[]): Promise<string> {
  const url = parseUri(uri);
  if (url.protocol !== "file:") {
    throw refused(uri, `the scheme ${url.protocol} is not supported; use http:, https:, file: or s3:`);
  }
  let file: string;
  try {
    file = fileURLToPath(url);
  } catch (error) {
    throw refused(uri, error instanceof Error ? error.message : String(error));
  }
  if (file.includes("\0")) throw refused(uri, "it contains the character U+0000");
  if (roots.length === 0) throw refused(uri, "file: sources are not enabled; add folders to HEADWAY_FILE_ROOTS");
  if (!isBelow(file, roots)) throw refused(uri, "it is outside the folders of HEADWAY_FILE_ROOTS");
  let real: string;
  try {
    real = await realpath(file);
  } catch (error) {
    throw new PermanentError(
      "NOT_READABLE",
      `${file} can't be read (${(error as NodeJS.ErrnoException).code}); check that it exists and is readable.`,
    );
  }
  const realRoots = await Promise.all(roots.map((root) => realpath(root).catch(() => root)));
  if (!isBelow(real, realRoots)) throw refused(uri, "it points outside the folders of HEADWAY_FILE_ROOTS");
  return real;
}

function isBelow(file: string, roots: readonly string[]): boolean {
  const absolute = path.resolve(file);
  return roots.some((root) => {
    const relative = path.relative(path.resolve(root), absolute);
    return (
      relative === "" || (!relative.startsWith(`..${path.sep}`) && relative !== ".." && !path.isAbsolute(relative))
    );
  });
}

/** The refusal of a URI, which it shows without its credentials. */
export function refused(uri: string, why: string): PermanentError {
  return new PermanentError("URI_REFUSED", `${shown(uri)} is not allowed: ${why}.`);
}

/** A URI as messages show it: without credentials, and not longer than people read. */
export function shown(uri: string): string {
  return uri.replace(/^([a-z][a-z0-9+.-]*:[\\/]*)[^\\/@?#]*@/i, "$1…@").slice(0, 500);
}
