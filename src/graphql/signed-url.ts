import { MAX_SIGNED_MINUTES } from "../access/signed-address.js";
import { AccessDenied, BadInput } from "../errors.js";
import type { SignedUrl } from "../model/signed-url.js";
import type { GraphContext } from "./context.js";

export const DEFAULT_SIGNED_MINUTES = 15;

/** An address of this object that whoever asks may hand on. @throws {BadInput} */
export async function signedUrl(
  { keys, principal, publicUrl }: GraphContext,
  object: string,
  minutes: number = DEFAULT_SIGNED_MINUTES,
): Promise<SignedUrl> {
  if (minutes < 1 || minutes > MAX_SIGNED_MINUTES) {
    throw new BadInput(`expiresInMinutes is ${minutes}; it must be 1 to ${MAX_SIGNED_MINUTES}.`, {
      field: "expiresInMinutes",
    });
  }
  const signed = await keys.sign(principal.keyId, object, minutes * 60_000);
  if (signed === null) throw new AccessDenied("UNAUTHENTICATED", "This key is no longer good; ask for another one.");
  return { url: `${publicUrl}/${object}?${signed.query}`, expiresAt: signed.expiresAt };
}
