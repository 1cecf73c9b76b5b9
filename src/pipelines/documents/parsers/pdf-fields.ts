import { isUtf8 } from "node:buffer";
import type { Block } from "../blocks/block.js";

/** What pdf.js says of an annotation, as far as it is read here. */
export interface Annotation {
  readonly subtype?: string;
  readonly fieldType?: string | null;
  readonly fieldName?: string;
  readonly alternativeText?: string;
  readonly fieldValue?: unknown;
  readonly checkBox?: boolean;
  readonly radioButton?: boolean;
  readonly pushButton?: boolean;
  readonly exportValue?: string;
  readonly buttonValue?: string | null;
  readonly password?: boolean;
  readonly hidden?: boolean;
  readonly options?: readonly { readonly exportValue?: string; readonly displayValue?: string }[];
  readonly contentsObj?: { readonly str?: string };
  readonly textContent?: readonly string[];
}

/** Annotations of these kinds show no words of their own. */
const SILENT = new Set(["Widget", "Link", "Popup", "TrapNet", "PrinterMark", "Screen", "Movie", "3D", "RichMedia"]);

/** What was filled into the form fields of a page, and what was written onto it; each marked as what it is. */
export function annotationBlocks(annotations: readonly Annotation[], page: number): Block[] {
  const fields = annotations.flatMap((one) => fieldLine(one) ?? []);
  const notes = annotations.flatMap((one): Block[] => {
    if (SILENT.has(one.subtype ?? "Widget")) return [];
    const text = one.contentsObj?.str?.trim() || (one.textContent ?? []).join("\n").trim();
    if (!text) return [];
    const kind = one.subtype === "FreeText" ? "Text" : one.subtype === "Text" ? "Note" : (one.subtype ?? "Note");
    return [{ kind: "note", text: `${kind} on the page: ${text.replace(/\r\n?/g, "\n")}`, page }];
  });
  const lines = [...new Set(fields)];
  return [...(lines.length > 0 ? [{ kind: "lines", text: lines.join("\n"), page } as Block] : []), ...notes];
}

/** The name of a field and what it holds; null of one that is empty or shows nothing. */
function fieldLine(field: Annotation): string | null {
  if (field.subtype !== "Widget" || field.pushButton || field.password || field.hidden) return null;
  const name = (
    field.alternativeText?.trim() ||
    field.fieldName
      ?.split(".")
      .at(-1)
      ?.replace(/\[\d+\]$/, "") ||
    "field"
  ).trim();
  if (field.fieldType === "Btn") {
    if (field.checkBox) return field.fieldValue === field.exportValue ? `${name}: ☒` : null;
    const chosen = field.radioButton && field.fieldValue !== null && field.fieldValue === field.buttonValue;
    return chosen ? `${name}: ${nameText(String(field.buttonValue))}` : null;
  }
  const values = [field.fieldValue].flat().filter((one): one is string => typeof one === "string" && one.trim() !== "");
  // A field of rich text has no plain value; what it shows is drawn.
  const drawn = field.fieldType === "Tx" ? (field.textContent ?? []).join("\n").trim() : "";
  if (values.length === 0) return drawn === "" ? null : `${name}: ${drawn}`;
  const shown = values.map((value) => field.options?.find((one) => one.exportValue === value)?.displayValue ?? value);
  return `${name}: ${shown.join(", ").replace(/\r\n?/g, "\n").trim()}`;
}

/** What the name of a choice says: bytes of UTF-8, perhaps each by its number, for names hold no letters but those of ASCII. */
function nameText(name: string): string {
  const bytes = name.replace(/#([0-9a-f]{2})/gi, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
  if (/^[\0-\x7f]*$|[^\0-\xff]/.test(bytes)) return bytes;
  const decoded = Buffer.from(bytes, "latin1");
  return isUtf8(decoded) ? decoded.toString("utf8") : bytes;
}

/** A node of the HTML that pdf.js makes of a dynamic (XFA) form. */
export interface XfaNode {
  readonly name?: string;
  readonly value?: unknown;
  readonly attributes?: Readonly<Record<string, unknown>>;
  readonly children?: readonly (XfaNode | null)[];
}

/** The text of a dynamic form, with what was filled in, a line a field. */
export function xfaLines(node: XfaNode): string[] {
  const lines: string[] = [];
  const walk = (one: XfaNode | null): void => {
    if (!one) return;
    const attributes = one.attributes ?? {};
    const texts = [one.value, attributes.textContent, attributes.value];
    const text = texts.find((value): value is string => typeof value === "string" && value.trim() !== "");
    if (one.name === "input" && /^(checkbox|radio)$/.test(String(attributes.type))) {
      if (attributes.checked) lines.push("☒");
    } else if (one.name === "option") {
      if (attributes.selected && text) lines.push(text.trim());
    } else if (text) lines.push(text.replace(/\s+/g, " ").trim());
    for (const child of one.children ?? []) walk(child);
  };
  walk(node);
  return lines;
}
