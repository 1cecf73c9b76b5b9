import { XMLParser, XMLValidator } from "fast-xml-parser";
import { PermanentError } from "../../../errors.js";
import { decodeText } from "../../decode-text.js";
import { MAX_NESTING, type Parsed } from "./parsed.js";
import { assertNesting, entitiesOf, entityDecoder } from "./xml-limits.js";

/** Entities are expanded here, where what they grow to is counted, and not by the library. */
const parser = new XMLParser({
  preserveOrder: true,
  processEntities: false,
  ignoreAttributes: true,
  ignoreDeclaration: true,
  ignorePiTags: true,
  trimValues: true,
  parseTagValue: false,
  maxNestedTags: MAX_NESTING,
});

/** The text of the elements, a line each, in document order. */
export async function parseXml(bytes: Uint8Array): Promise<Parsed> {
  const { text, encoding } = decodeText(bytes);
  assertNesting(text);
  const verdict = XMLValidator.validate(text);
  if (verdict !== true) {
    const { msg, line } = verdict.err;
    throw new PermanentError("MALFORMED_DOCUMENT", `The XML is broken at line ${line}: ${msg} Send an intact copy.`);
  }
  const lines: string[] = [];
  collect(parser.parse(text) as unknown[], lines, entityDecoder(entitiesOf(text)));
  return { text: lines.join("\n"), metadata: { encoding } };
}

function collect(nodes: readonly unknown[], lines: string[], decode: (text: string) => string): void {
  for (const node of nodes as Record<string, unknown>[]) {
    for (const [key, value] of Object.entries(node)) {
      if (key === "#text") lines.push(decode(String(value)));
      else if (Array.isArray(value)) collect(value, lines, decode);
    }
  }
}
