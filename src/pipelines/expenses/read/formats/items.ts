/** What a page says in data beside its text: things of schema.org with their properties. */
export interface Item {
  /** Without its address: "Order". */
  readonly types: readonly string[];
  readonly values: ReadonlyMap<string, readonly (string | Item)[]>;
}

const MAX_DEPTH = 12;
/** Elements inside each other, and properties, beyond which microdata is not followed. */
const MAX_OPEN = 1_000;
const MAX_PROPERTIES = 20_000;
/** Characters of a property: names, numbers and sums are short. */
const MAX_TEXT = 10_000;

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
        for (const item of ofJson(script)) found.push(item);
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
  /** Elements that are open and too deep. */
  private deeper = 0;
  private properties = 0;

  constructor(private readonly found: Item[]) {}

  open(name: string, attributes: Readonly<Record<string, string>>): void {
    if (this.stack.length >= MAX_OPEN) {
      this.deeper += 1;
      return;
    }
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

  /** To the innermost element, which hands it up when it ends. */
  text(text: string): void {
    const element = this.stack.at(-1);
    if (element && element.text.length < MAX_TEXT) element.text += text.slice(0, MAX_TEXT);
  }

  close(): void {
    if (this.deeper > 0) {
      this.deeper -= 1;
      return;
    }
    const element = this.stack.pop();
    if (!element) return;
    this.text(element.text);
    if (element.properties.length > 0) this.keep(element);
    if (element.item) this.found.push(element.item);
  }

  private keep(element: Element): void {
    const own = this.stack.findLast(({ item }) => item !== null)?.item;
    const value = element.item ?? element.value ?? element.text.replace(/\s+/g, " ").trim();
    for (const property of element.properties) {
      this.properties += 1;
      if (!own || this.properties > MAX_PROPERTIES) return;
      const values = own.values.get(property);
      if (values) values.push(value);
      else own.values.set(property, [value]);
    }
  }
}
