import { isIP } from "node:net";
import { z } from "zod";

/** A range of addresses. */
export interface Network {
  readonly address: string;
  /** Leading bits that count: 0 to 32, or to 128. */
  readonly prefix: number;
  readonly family: "ipv4" | "ipv6";
}

/** Networks by their CIDR notation; a single address is one of its own. */
export const networks = z.string().transform((value, context) => {
  const found = entriesOf(value).map(toNetwork);
  if (!found.includes(null)) return found as Network[];
  const wrong = entriesOf(value)[found.indexOf(null)];
  const message = `it must be networks such as 10.1.0.0/16 or fd00::/8, separated by commas, and "${wrong}" is none, because a network that is read wrongly would open another`;
  context.addIssue({ code: "custom", message });
  return z.NEVER;
});

function toNetwork(text: string): Network | null {
  const [, address = "", bits] = /^([0-9a-fA-F.:]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const version = isIP(address);
  const most = version === 4 ? 32 : 128;
  const prefix = bits === undefined ? most : Number(bits);
  return version === 0 || prefix > most ? null : { address, prefix, family: version === 4 ? "ipv4" : "ipv6" };
}

const S3_PLACE = /^s3:\/\/[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](\/[A-Za-z0-9!_.*'()-]+)*\/?$/;
const S3_MUST = "it must be s3://bucket or s3://bucket/folder";
/** Places in S3, without a slash at the end. */
export const s3Places = z.string().transform((value, context) => {
  const places = entriesOf(value);
  if (places.every((place) => S3_PLACE.test(place))) return places.map((place) => place.replace(/\/$/, ""));
  context.addIssue({ code: "custom", message: `${S3_MUST}, several separated by commas, because objects lie there` });
  return z.NEVER;
});

/** One place in S3, or null. */
export const blobsPlace = z
  .string()
  .refine((value) => value === "" || S3_PLACE.test(value), `${S3_MUST}, because files are kept there`)
  .transform((value) => value.replace(/\/$/, "") || null);

const HOST = /^(\[[0-9a-f:.]+\]|[a-z0-9]([a-z0-9.-]*[a-z0-9])?)(:\d{1,5})?$/;
/** Hosts with or without a port, in lower case. */
export const webhookHosts = z.string().transform((value, context) => {
  const hosts = entriesOf(value.toLowerCase());
  const wrong = hosts.find((host) => !HOST.test(host));
  if (wrong === undefined) return hosts;
  const message = `it must be hosts such as hooks.internal or 10.1.2.3:8080, separated by commas, and "${wrong}" is none, because webhooks may lead there`;
  context.addIssue({ code: "custom", message });
  return z.NEVER;
});

/** Origins of web pages, as browsers send them; null for any. */
export const origins = z.string().transform((value, context) => {
  const entries = entriesOf(value);
  if (entries.includes("*")) return null;
  const wrong = entries.find((entry) => !isOrigin(entry));
  if (wrong === undefined) return entries.map((entry) => new URL(entry).origin);
  const message = `it must be * or origins such as https://app.example.com, separated by commas, and "${wrong}" is none, because browsers send them so`;
  context.addIssue({ code: "custom", message });
  return z.NEVER;
});

/** Scheme, host and perhaps a port; a slash behind them is forgiven, a path is not. */
function isOrigin(text: string): boolean {
  if (!URL.canParse(text) || text.includes("*")) return false;
  const { protocol, pathname, search, hash, username } = new URL(text);
  return ["http:", "https:"].includes(protocol) && pathname === "/" && search + hash + username === "";
}

/** The entries of a setting that holds several, separated by commas. */
export function entriesOf(value: string): string[] {
  return value
    .split(",")
    .map((entry) => entry.trim())
    .filter((entry) => entry !== "");
}
