import { MAX_SIGNED_MINUTES, type SignedObject } from "../access/signed-address.js";
import { AccessDenied, BadInput } from "../errors.js";
import type { SignedUrl } from "../model/signed-url.js";
import type { GraphContext } from "./context.js";

export const DEFAULT_SIGNED_MINUTES = 15;

/** An address for reading this object that whoever asks may hand on. @throws {BadInput} */
export async function signedUrl(
  context: GraphContext,
  object: string,
  minutes: number = DEFAULT_SIGNED_MINUTES,
): Promise<SignedUrl> {
  if (minutes < 1 || minutes > MAX_SIGNED_MINUTES) {
    throw new BadInput(`expiresInMinutes is ${minutes}; it must be 1 to ${MAX_SIGNED_MINUTES}.`, {
      field: "expiresInMinutes",
    });
  }
  return signedFor(context, { method: "GET", object }, minutes * 60_000);
}

/** An address for doing this with an object. @throws {AccessDenied} */
export async function signedFor(
  { keys, principal, publicUrl }: GraphContext,
  what: SignedObject,
  lifeMs: number,
): Promise<SignedUrl> {
  const signed = await keys.sign(principal.keyId, what, lifeMs);
  if (signed === null) throw new AccessDenied("UNAUTHENTICATED", "This key is no longer valid. Use another key.");
  return { url: `${publicUrl}/${what.object}?${signed.query}`, expiresAt: signed.expiresAt };
}
