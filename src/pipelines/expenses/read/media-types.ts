import { decodeText } from "../../decode-text.js";
import { detect } from "../../documents/detect.js";

/** What is read, and as what; `either` is a statement or a receipt by its content. */
export const ROLES: Readonly<Record<string, "statement" | "receipt" | "either">> = {
  "text/csv": "statement",
  "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "statement",
  "application/x-ofx": "statement",
  "application/pdf": "either",
  "image/png": "receipt",
  "image/jpeg": "receipt",
  "image/webp": "receipt",
  "image/tiff": "receipt",
  "message/rfc822": "receipt",
  "text/html": "receipt",
  "text/plain": "receipt",
};

/** The media type by content; OFX and e-mails are text, and told by how they begin. */
export async function detectExpense(bytes: Uint8Array, name: string): Promise<string> {
  const mediaType = await detect(bytes, name);
  if (!/^(text\/|application\/xml|message\/)/.test(mediaType)) return mediaType;
  const head = decodeText(bytes.subarray(0, 8_192)).text;
  if (/^\s*(OFXHEADER\s*:|<\?xml[^>]*>\s*<\?OFX\b|<OFX>)/i.test(head)) return "application/x-ofx";
  if (
    /^(?:[A-Za-z-]{2,40}:.*\r?\n(?:[ \t].*\r?\n)*)*?(?:from|mime-version|received):/im.test(head.slice(0, 2_000)) &&
    /\.(eml|msg)$/i.test(name)
  )
    return "message/rfc822";
  return mediaType === "text/markdown" ? "text/plain" : mediaType;
}
