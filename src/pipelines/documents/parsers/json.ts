import { PermanentError } from "../../../errors.js";
import { decodeText } from "../../decode-text.js";
import { MAX_NESTING, type Parsed } from "./parsed.js";

/** One line a value, under the path of its keys, so that a chunk says what its values are. */
export async function parseJson(bytes: Uint8Array): Promise<Parsed> {
  const { text, encoding } = decodeText(bytes);
  const lines: string[] = [];
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new PermanentError("MALFORMED_DOCUMENT", `It is no JSON: ${(error as Error).message}. Send an intact copy.`);
  }
  write(value, "", lines, 0);
  return { text: lines.join("\n"), metadata: { encoding } };
}

function write(value: unknown, path: string, lines: string[], depth: number): void {
  if (depth > MAX_NESTING) {
    throw new PermanentError("RESOURCE_LIMIT", `The JSON is nested more than ${MAX_NESTING} deep; flatten it.`);
  }
  if (Array.isArray(value)) {
    for (const [index, inner] of value.entries()) write(inner, `${path}[${index}]`, lines, depth + 1);
  } else if (typeof value === "object" && value !== null) {
    for (const [key, inner] of Object.entries(value))
      write(inner, path === "" ? key : `${path}.${key}`, lines, depth + 1);
  } else {
    lines.push(path === "" ? String(value) : `${path}: ${String(value)}`);
  }
}
