import { XMLParser, XMLValidator } from "fast-xml-parser";
import { PermanentError } from "../../../errors.js";
import { decodeText } from "../../decode-text.js";
import { MAX_NESTING, type Parsed } from "./parsed.js";

/** Entities are left as they are written: expanding them is how small files grow large. */
const parser = new XMLParser({
  preserveOrder: true,
  processEntities: false,
  ignoreAttributes: true,
  ignoreDeclaration: true,
  ignorePiTags: true,
  trimValues: true,
  parseTagValue: false,
});
const PREDEFINED: Readonly<Record<string, string>> = { lt: "<", gt: ">", quot: '"', apos: "'", amp: "&" };

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
  collect(parser.parse(text) as unknown[], lines);
  return { text: lines.join("\n"), metadata: { encoding } };
}

/** Counted before the parser recurses into it. */
function assertNesting(text: string): void {
  let depth = 0;
  for (const [tag] of text.matchAll(/<(?:!--[\s\S]*?-->|!\[CDATA\[[\s\S]*?\]\]>|[^>]*>)/g)) {
    if (tag.startsWith("</")) depth -= 1;
    else if (!tag.startsWith("<!") && !tag.startsWith("<?") && !tag.endsWith("/>")) depth += 1;
    if (depth > MAX_NESTING) {
      throw new PermanentError("RESOURCE_LIMIT", `The XML is nested more than ${MAX_NESTING} deep; flatten it.`);
    }
  }
}

function collect(nodes: readonly unknown[], lines: string[]): void {
  for (const node of nodes as Record<string, unknown>[]) {
    for (const [key, value] of Object.entries(node)) {
      if (key === "#text") lines.push(decodeEntities(String(value)));
      else if (Array.isArray(value)) collect(value, lines);
    }
  }
}

function decodeEntities(text: string): string {
  return text.replace(
    /&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|(lt|gt|quot|apos|amp));/gi,
    (whole, decimal?: string, hex?: string, name?: string) => {
      if (name) return PREDEFINED[name.toLowerCase()]!;
      const code = decimal ? Number(decimal) : parseInt(hex!, 16);
      return code > 0 && code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff) ? String.fromCodePoint(code) : whole;
    },
  );
}
