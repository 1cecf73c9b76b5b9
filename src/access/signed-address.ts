import { createHmac, timingSafeEqual } from "node:crypto";

/** No address lives longer; the pages that show one ask for another. */
export const MAX_SIGNED_MINUTES = 1_440;

/** What an address lets do: GET reads, PUT sends, bit by bit as well. */
export type SignedMethod = "GET" | "PUT";

/** One thing, and what may be done with it. */
export interface SignedObject {
  readonly method: SignedMethod;
  /** Its path below the API, such as "artifacts/<id>". */
  readonly object: string;
}

/** What an address carries: the right to do this with one thing, until a time, as one key may. */
export interface SignedRight extends SignedObject {
  readonly keyId: string;
  readonly projectId: string;
  readonly expiresAtMs: number;
}

/** What stands behind the address's question mark; the project is the key's. */
export interface AddressQuery {
  readonly keyId: string;
  readonly expiresAtMs: number;
  readonly signature: string;
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * The query of an address that carries this right, signed with what the database keeps of its key's secret: nothing more
 * has to be kept, and whoever has the key can sign no more than what the key may do anyway.
 */
export function queryOf(secret: Uint8Array, right: SignedRight): string {
  const { keyId, expiresAtMs } = right;
  return `key=${keyId}&expires=${expiresAtMs}&signature=${signatureOf(secret, right).toString("base64url")}`;
}

/** Whether the query of a request is that of a signed address, good or not. */
export function isSignedAddress(query: Readonly<Record<string, unknown>>): boolean {
  return "signature" in query;
}

/** What such a query says; null where it can't be one of ours. */
export function addressQuery({ key, expires, signature }: Readonly<Record<string, unknown>>): AddressQuery | null {
  if (typeof key !== "string" || typeof expires !== "string" || typeof signature !== "string") return null;
  if (!UUID.test(key) || !/^\d{1,15}$/.test(expires)) return null;
  return { keyId: key, expiresAtMs: Number(expires), signature };
}

/** Whether the signature is the one of this right. */
export function isSignatureOf(secret: Uint8Array, right: SignedRight, signature: string): boolean {
  const [given, expected] = [Buffer.from(signature, "base64url"), signatureOf(secret, right)];
  return given.length === expected.length && timingSafeEqual(given, expected);
}

/** What can be done is part of what is signed. */
function signatureOf(secret: Uint8Array, { keyId, projectId, method, object, expiresAtMs }: SignedRight): Buffer {
  const text = ["headway address 1", projectId, keyId, method, object, expiresAtMs].join("\n");
  return createHmac("sha256", secret).update(text).digest();
}
