import type { Block, BlockPlace } from "../blocks/block.js";
import type { Archive } from "./archive.js";
import { childOf, find, readXml, textOf, type XmlNode } from "./office-xml.js";
import { relationsOf } from "./relations.js";
import { mathText } from "./math.js";
import { CellFormats } from "./xlsx-format.js";

/** The text of a paragraph of DrawingML. Fields that the show fills in, such as the slide's number, are left out. */
export function drawnText(node: XmlNode): string {
  return node.children
    .map((child) => {
      if (child.name === "a:t") return textOf(child);
      if (child.name === "a:br") return "\n";
      if (child.name === "m:oMath") return mathText(child);
      if (child.name === "a:fld") return "";
      return drawnText(child);
    })
    .join("");
}

/** What a chart, a drawing of SmartArt or the like shows, by the relation that a graphic names. */
export function graphicBlocks(archive: Archive, part: string, graphic: XmlNode, place: BlockPlace): Block[] {
  const relations = relationsOf(archive, part);
  const blocks: Block[] = [];
  for (const { attributes } of find(graphic, "c:chart")) {
    const target = relations.get(attributes["r:id"] ?? "")?.target;
    const xml = target === undefined ? null : archive.read(target);
    if (xml) blocks.push(...chartBlocks(readXml(xml, target!), place));
  }
  for (const { attributes } of find(graphic, "dgm:relIds")) {
    const target = relations.get(attributes["r:dm"] ?? "")?.target;
    const xml = target === undefined ? null : archive.read(target);
    if (!xml) continue;
    const texts = find(readXml(xml, target!), "a:p").map((one) => drawnText(one).trim());
    for (const text of texts.filter((one) => one !== "")) {
      blocks.push({ kind: "item", marker: "-", depth: 0, text, ...place });
    }
  }
  return blocks;
}

/** Its title, then its values as a table: a row a category, a column a series. */
export function chartBlocks(chart: XmlNode, place: BlockPlace): Block[] {
  const titles = find(chart, "c:title").map((title) => find(title, "a:p").map(drawnText).join(" ").trim());
  const series = find(chart, "c:ser");
  const [calendar] = find(chart, "c:date1904");
  const is1904 = calendar !== undefined && !["0", "false"].includes(calendar.attributes.val ?? "1");
  const pointsIn = (node: XmlNode | null): Map<string, string> => pointsOf(node, is1904);
  const categories = new Map<string, string>();
  const columns = series.map((one) => {
    const values = pointsIn(childOf(one, "c:val") ?? childOf(one, "c:yVal"));
    for (const [index, text] of pointsIn(childOf(one, "c:cat") ?? childOf(one, "c:xVal"))) categories.set(index, text);
    return { name: [...pointsIn(childOf(one, "c:tx")).values()].join(" "), values };
  });
  const blocks: Block[] = titles
    .filter((title, index) => title !== "" && titles.indexOf(title) === index)
    .map((text): Block => ({ kind: "caption", text, ...place }));
  const indexes = [...new Set([...categories.keys(), ...columns.flatMap(({ values }) => [...values.keys()])])];
  const rows = indexes.map((index) => [
    categories.get(index) ?? "",
    ...columns.map(({ values }) => values.get(index) ?? ""),
  ]);
  if (rows.length === 0) return blocks;
  return [
    ...blocks,
    { kind: "table", headRows: 1, rows: [["", ...columns.map(({ name }) => name)], ...rows], ...place },
  ];
}

/** By their places. Numbers as the sheet behind the chart shows them, days above all. */
function pointsOf(node: XmlNode | null, is1904: boolean): Map<string, string> {
  if (node === null) return new Map();
  const numbers = [...find(node, "c:numCache"), ...find(node, "c:numLit")][0];
  const pattern = numbers ? find(numbers, "c:formatCode").map(textOf).join("") : "";
  const shown = (value: string, own: string): string => {
    if (!numbers) return value;
    return new CellFormats([own || pattern || "General"], is1904).show({ column: 0, type: "n", style: 0, value }, []);
  };
  const points = new Map<string, string>();
  for (const point of find(numbers ?? node, "c:pt")) {
    const { idx = "", formatCode = "" } = point.attributes;
    const text = shown(find(point, "c:v").map(textOf).join(""), formatCode);
    // Categories of several levels: the inner ones come first, and the outer one stands where it begins.
    const inner = points.get(idx);
    points.set(idx, inner === undefined ? text : `${text} ${inner}`);
  }
  if (points.size > 0) return points;
  const direct = find(node, "c:v").map(textOf).join("");
  return direct === "" ? new Map() : new Map([["0", direct]]);
}
