import { PermanentError } from "../../../errors.js";
import { MAX_NESTING } from "./parsed.js";

/** What a document's own entities may add to its text in all: ten times what a generous use of them needs. */
const MAX_EXPANDED_LENGTH = 1_000_000;
const PREDEFINED: Readonly<Record<string, string>> = { lt: "<", gt: ">", quot: '"', apos: "'", amp: "&" };
const REFERENCE = /&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|([\p{L}_][\p{L}\p{N}._-]{0,99}));/giu;

/** Nesting is counted before a parser recurses into it. @throws {PermanentError} RESOURCE_LIMIT */
export function assertNesting(text: string): void {
  let depth = 0;
  for (const [tag] of text.matchAll(/<(?:!--[\s\S]*?-->|!\[CDATA\[[\s\S]*?\]\]>|[^>]*>)/g)) {
    if (tag.startsWith("</")) depth -= 1;
    else if (!tag.startsWith("<!") && !tag.startsWith("<?") && !tag.endsWith("/>")) depth += 1;
    if (depth > MAX_NESTING) {
      throw new PermanentError("RESOURCE_LIMIT", `The XML is nested more than ${MAX_NESTING} deep; flatten it.`);
    }
  }
}

const DOCTYPE = /<!DOCTYPE[^[>]*(?:\[([\s\S]*?)\]\s*)?>/i;

/** The entities that a document declares for itself, as written. External ones are left out: nothing is fetched. */
export function entitiesOf(text: string): ReadonlyMap<string, string> {
  const declared = doctypeOf(text).matchAll(/<!ENTITY\s+([^\s%"']+)\s+(?:"([^"]*)"|'([^']*)')\s*>/g);
  return new Map([...declared].map(([, name, double, single]) => [name!, double ?? single ?? ""]));
}

/** The names of entities that are other files. */
export function externalEntitiesOf(text: string): string[] {
  return [...doctypeOf(text).matchAll(/<!ENTITY\s+([^\s%"']+)\s+(?:SYSTEM|PUBLIC)\b/g)].map(([, name]) => name!);
}

/** The text without its declarations, whose lines stay, so that faults are found where they are. */
export function withoutDoctype(text: string): string {
  return text.replace(DOCTYPE, (doctype) => doctype.replace(/[^\n]+/g, ""));
}

function doctypeOf(text: string): string {
  return DOCTYPE.exec(text)?.[1] ?? "";
}

/** A decoder of one document's references, which counts what its own entities grow to. */
export function entityDecoder(entities: ReadonlyMap<string, string>): (text: string) => string {
  let expanded = 0;
  const decode = (text: string, open: readonly string[]): string =>
    text.replace(REFERENCE, (whole, decimal?: string, hex?: string, name?: string) => {
      if (name === undefined) return fromCode(decimal ? Number(decimal) : parseInt(hex!, 16)) ?? whole;
      const known = PREDEFINED[name] ?? PREDEFINED[name.toLowerCase()];
      if (known !== undefined) return known;
      const own = entities.get(name);
      if (own === undefined) return whole;
      if (open.includes(name)) {
        throw new PermanentError("MALFORMED_DOCUMENT", `The entity "${name}" holds itself; send an intact copy.`);
      }
      expanded += own.length;
      if (expanded > MAX_EXPANDED_LENGTH) throw expandsTooFar();
      return decode(own, [...open, name]);
    });
  return (text) => decode(text, []);
}

/** References to characters and the five predefined entities, decoded; all others are left as they are written. */
export const decodeEntities = entityDecoder(new Map());

function expandsTooFar(): PermanentError {
  return new PermanentError(
    "RESOURCE_LIMIT",
    `The XML's own entities expand to more than ${MAX_EXPANDED_LENGTH} characters; write the text out instead.`,
  );
}

/** Null for what is no character. */
function fromCode(code: number): string | null {
  return code > 0 && code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff) ? String.fromCodePoint(code) : null;
}
