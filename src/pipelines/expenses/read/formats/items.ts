/** What a page says in data beside its text: things of schema.org with their properties. */
export interface Item {
  /** Without its address: "Order". */
  readonly types: readonly string[];
  readonly values: ReadonlyMap<string, readonly (string | Item)[]>;
}

const MAX_DEPTH = 12;

/** All things that JSON-LD and microdata of a page describe, those inside others too. */
export async function itemsIn(html: string): Promise<Item[]> {
  if (!/ld\+json|itemscope/i.test(html)) return [];
  const { Parser } = await import("htmlparser2");
  const found: Item[] = [];
  const reader = new Microdata(found);
  let script: string | null = null;
  const parser = new Parser({
    onopentag(name, attributes) {
      if (name === "script") script = /ld\+json/i.test(attributes.type ?? "") ? "" : null;
      reader.open(name, attributes);
    },
    ontext(text) {
      if (script !== null) script += text;
      else reader.text(text);
    },
    onclosetag(name) {
      if (name === "script" && script !== null) {
        found.push(...ofJson(script));
        script = null;
      }
      reader.close();
    },
  });
  parser.end(html);
  return found;
}

/** Scripts that are no JSON tell nothing. */
function ofJson(script: string): Item[] {
  try {
    const found: Item[] = [];
    toValue(JSON.parse(script), found, 0);
    return found;
  } catch {
    return [];
  }
}

function toValue(value: unknown, found: Item[], depth: number): (string | Item)[] {
  if (depth > MAX_DEPTH || value === null || value === undefined) return [];
  if (Array.isArray(value)) return value.flatMap((one) => toValue(one, found, depth + 1));
  if (typeof value !== "object") return [String(value as string | number | boolean)];
  const entries = Object.entries(value);
  const values = new Map(
    entries
      .filter(([key]) => key !== "@graph")
      .map(([key, one]): [string, (string | Item)[]] => [key, toValue(one, found, depth + 1)]),
  );
  for (const [, graph] of entries.filter(([key]) => key === "@graph")) toValue(graph, found, depth + 1);
  const types = (values.get("@type") ?? []).filter((one) => typeof one === "string").map(withoutAddress);
  const item: Item = { types, values };
  found.push(item);
  return [item];
}

function withoutAddress(type: string): string {
  return type.replace(/^.*[/#:]/, "");
}

interface Element {
  readonly properties: readonly string[];
  readonly item: { readonly types: readonly string[]; readonly values: Map<string, (string | Item)[]> } | null;
  /** The value where an attribute has it; its text else. */
  readonly value: string | null;
  text: string;
}

class Microdata {
  private readonly stack: Element[] = [];

  constructor(private readonly found: Item[]) {}

  open(name: string, attributes: Readonly<Record<string, string>>): void {
    const types = (attributes.itemtype ?? "").split(/\s+/).filter((type) => type !== "");
    const item = attributes.itemscope === undefined ? null : { types: types.map(withoutAddress), values: new Map() };
    const value =
      attributes.content ??
      (name === "time" ? attributes.datetime : undefined) ??
      (name === "a" || name === "link" ? attributes.href : undefined) ??
      null;
    const properties = (attributes.itemprop ?? "").split(/\s+/).filter((property) => property !== "");
    this.stack.push({ properties, item, value, text: "" });
  }

  text(text: string): void {
    for (const element of this.stack) if (element.properties.length > 0) element.text += text;
  }

  close(): void {
    const element = this.stack.pop();
    if (!element) return;
    const own = this.stack.findLast(({ item }) => item !== null)?.item;
    const value = element.item ?? element.value ?? element.text.replace(/\s+/g, " ").trim();
    for (const property of element.properties) own?.values.set(property, [...(own.values.get(property) ?? []), value]);
    if (element.item) this.found.push(element.item);
  }
}
