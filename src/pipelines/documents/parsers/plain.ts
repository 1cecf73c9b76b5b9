import { decodeText } from "../../decode-text.js";
import type { Parsed } from "./parsed.js";

/** Plain text and Markdown, as they are: Markdown's marks are for people to read. */
export async function parsePlain(bytes: Uint8Array): Promise<Parsed> {
  const { text, encoding } = decodeText(bytes);
  return { text: text.replaceAll("\r\n", "\n").replaceAll("\r", "\n"), metadata: { encoding } };
}
