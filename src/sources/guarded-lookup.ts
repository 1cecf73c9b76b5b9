import { lookup as resolveByDns, type LookupAddress } from "node:dns";
import type { LookupFunction } from "node:net";
import { promisify } from "node:util";

/** All addresses of a host. */
export type Resolve = (host: string) => Promise<readonly LookupAddress[]>;

/**
 * A lookup for one connection, which lets only those addresses through that may be connected to: it is these that are,
 * and no others, whatever the name leads to a moment later.
 *
 * @param whyRefused the error of an address that may not be connected to, which fails the connection; null of one that may
 * @param resolve default: by the system's resolver
 */
export function guardedLookup(
  whyRefused: (host: string, address: string) => Error | null,
  resolve: Resolve = resolveAll,
): LookupFunction {
  return (host, options, callback) => {
    const find = async (): Promise<LookupAddress[]> => {
      const found = [...(await resolve(host))];
      if (found.length === 0) throw new Error(`${host} has no address`);
      for (const { address } of found) {
        const refusal = whyRefused(host, address);
        if (refusal !== null) throw refusal;
      }
      return found;
    };
    find().then(
      (found) => (options.all ? callback(null, found) : callback(null, found[0]!.address, found[0]!.family)),
      (error: unknown) => callback(error as NodeJS.ErrnoException, ""),
    );
  };
}

const lookupAll = promisify(resolveByDns);
function resolveAll(host: string): Promise<readonly LookupAddress[]> {
  return lookupAll(host, { all: true });
}
