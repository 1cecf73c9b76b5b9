import { createNetworks, type Networks } from "../../sources/networks.js";
import { assertHttpUrl, portOf } from "../../sources/uri.js";
import { UserFault } from "../../errors.js";

const MAX_URL_LENGTH = 2_000;
const publicNetworks = createNetworks([]);

/** Any address may stand behind a host that was named by whoever runs this. */
const ANY: Networks = { opensMore: true, whyRefused: () => null };

/** Host and port, as HEADWAY_WEBHOOK_HOSTS and deliveries name them; IPv6 addresses in brackets. */
export function hostOf(url: URL): string {
  return `${url.hostname.toLowerCase()}:${portOf(url)}`;
}

/** The addresses that a URL may lead to: those of a host in the setting, with or without a port, else public ones. */
export function networksFor(url: URL, hosts: readonly string[]): Networks {
  return isNamed(url, hosts) ? ANY : publicNetworks;
}

/**
 * Sees that a webhook's URL may be asked, as far as it tells by itself: https, no credentials, a public address; or a host of
 * HEADWAY_WEBHOOK_HOSTS, there http too. What a name leads to is seen to at every connection.
 * @throws {UserFault} URI_REFUSED
 */
export function webhookUrl(text: string, hosts: readonly string[], path: readonly string[]): URL {
  const refuse = (why: string): UserFault => new UserFault("URI_REFUSED", `${path.join(".")}: ${why}.`, path);
  if (text.length > MAX_URL_LENGTH || !URL.canParse(text)) {
    throw refuse(
      `"${text.slice(0, 100)}" is not a URL of at most ${MAX_URL_LENGTH} characters; give one that begins with https://`,
    );
  }
  const url = new URL(text);
  if (url.protocol !== "https:" && !(url.protocol === "http:" && isNamed(url, hosts))) {
    throw refuse(`"${url.protocol}//${url.host}" does not use https, and its host is not in HEADWAY_WEBHOOK_HOSTS`);
  }
  try {
    assertHttpUrl(url, networksFor(url, hosts));
  } catch (error) {
    throw refuse(
      `${(error as Error).message.replace(/HEADWAY_ALLOWED_NETWORKS/g, "HEADWAY_WEBHOOK_HOSTS").replace(/\.$/, "")}`,
    );
  }
  return url;
}

function isNamed(url: URL, hosts: readonly string[]): boolean {
  return hosts.includes(url.hostname.toLowerCase()) || hosts.includes(hostOf(url));
}
