import { createHmac, randomBytes } from "node:crypto";

/** As Standard Webhooks has it: 24 to 64 random bytes. */
const SECRET_BYTES = 32;

/** A new secret: its bytes, and the text by which a receiver takes it. */
export function makeSecret(): { readonly bytes: Buffer; readonly text: string } {
  const bytes = randomBytes(SECRET_BYTES);
  return { bytes, text: `whsec_${bytes.toString("base64")}` };
}

/** What a receiver checks a delivery by: the headers of Standard Webhooks, signed with each secret that is good. */
export function signedHeaders(
  id: string,
  body: string,
  at: Date,
  secrets: readonly Buffer[],
): Readonly<Record<"webhook-id" | "webhook-timestamp" | "webhook-signature", string>> {
  const timestamp = String(Math.floor(at.getTime() / 1_000));
  const signatures = secrets.map(
    (secret) => `v1,${createHmac("sha256", secret).update(`${id}.${timestamp}.${body}`).digest("base64")}`,
  );
  return { "webhook-id": id, "webhook-timestamp": timestamp, "webhook-signature": signatures.join(" ") };
}
