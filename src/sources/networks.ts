import { BlockList, isIP, type IPVersion } from "node:net";
import type { Network } from "../config/places.js";

/** Which addresses documents may be fetched from. */
export interface Networks {
  /** Why nothing is fetched from this address (not a name) and port; null where it may be. */
  whyRefused(address: string, port: number): string | null;
  /** Whether the settings open anything beyond the public addresses. */
  readonly opensMore: boolean;
}

/** Of the IPv4 addresses all are public but these (IANA's special-purpose registry, multicast and the reserved rest). */
const NOT_PUBLIC_V4 = [
  "0.0.0.0/8", // this network
  "10.0.0.0/8", // private
  "100.64.0.0/10", // carrier-grade NAT; some clouds keep their metadata here
  "127.0.0.0/8", // loopback
  "169.254.0.0/16", // link-local; most clouds keep their metadata here
  "172.16.0.0/12", // private
  "192.0.0.0/24", // protocol assignments
  "192.0.2.0/24", // documentation
  "192.88.99.0/24", // 6to4 relays
  "192.168.0.0/16", // private
  "198.18.0.0/15", // benchmarks
  "198.51.100.0/24", // documentation
  "203.0.113.0/24", // documentation
  "224.0.0.0/4", // multicast
  "240.0.0.0/4", // reserved, broadcast
];

/**
 * Of the IPv6 addresses none is public but global unicast. That leaves out loopback, link-local, unique local and
 * multicast, and all that carries an IPv4 address inside: mapped, compatible, and NAT64 with both its prefixes.
 */
const GLOBAL_V6 = "2000::/3";
/** Within those: protocol assignments with Teredo, 6to4 (an IPv4 address inside), documentation twice. */
const NOT_PUBLIC_V6 = ["2001::/23", "2002::/16", "2001:db8::/32", "3fff::/20"];

/** Every other port is where something else than a web server is likelier to listen. */
const PUBLIC_PORTS: readonly number[] = [80, 443];

/** The rules for addresses: public ones at ports 80 and 443, and all of the networks that are allowed beyond them. */
export function createNetworks(allowed: readonly Network[]): Networks {
  const open = new BlockList();
  for (const { address, prefix, family } of allowed) open.addSubnet(address, prefix, family);
  return {
    opensMore: allowed.length > 0,
    whyRefused(given, port) {
      // A zone names an interface of this machine: link-local, whatever stands before it.
      const address = given.replace(/%.*$/, "");
      const family = familyOf(address);
      if (family === null) return `${given} is not an IP address`;
      if (open.check(address, family)) return null;
      if (given !== address || !isPublic(address, family)) {
        return `${given} is not a public address; add networks of your own to HEADWAY_ALLOWED_NETWORKS`;
      }
      if (PUBLIC_PORTS.includes(port)) return null;
      return `port ${port} is not allowed; public addresses allow only ${PUBLIC_PORTS.join(" and ")}`;
    },
  };
}

function isPublic(address: string, family: IPVersion): boolean {
  return !notPublic.check(address, family) && (family === "ipv4" || global.check(address, family));
}

function familyOf(address: string): IPVersion | null {
  const version = isIP(address);
  return version === 0 ? null : version === 4 ? "ipv4" : "ipv6";
}

function listOf(subnets: readonly string[]): BlockList {
  const list = new BlockList();
  for (const subnet of subnets) {
    const [address, prefix] = subnet.split("/") as [string, string];
    list.addSubnet(address, Number(prefix), familyOf(address)!);
  }
  return list;
}

const notPublic = listOf([...NOT_PUBLIC_V4, ...NOT_PUBLIC_V6]);
const global = listOf([GLOBAL_V6]);
