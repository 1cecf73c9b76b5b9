import { XMLBuilder } from "fast-xml-parser";
import type { EntityDraft } from "../../named-entity.js";
import type { Pair } from "./mentions.js";

/** XML 1.0 has no way to write these, not even as references. */
const UNWRITABLE = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g;

/**
 * The graph as GraphML (http://graphml.graphdrawing.org): a node an entity with name, type and mentions, an undirected
 * edge a pair with its weight.
 */
export function graphml(entities: readonly EntityDraft[], pairs: readonly Pair[]): string {
  const ids = new Map(entities.map(({ name }, index) => [name, `n${index}`]));
  const builder = new XMLBuilder({ ignoreAttributes: false, attributeNamePrefix: "@", format: true, indentBy: " " });
  const data = (key: string, value: string | number): object => ({
    "@key": key,
    "#text": String(value).replace(UNWRITABLE, ""),
  });
  const keyOf = (id: string, type: string, target: "node" | "edge"): object => ({
    "@id": id,
    "@for": target,
    "@attr.name": id,
    "@attr.type": type,
  });
  return builder.build({
    "?xml": { "@version": "1.0", "@encoding": "UTF-8" },
    graphml: {
      "@xmlns": "http://graphml.graphdrawing.org/xmlns",
      key: [
        keyOf("name", "string", "node"),
        keyOf("type", "string", "node"),
        keyOf("mentions", "int", "node"),
        keyOf("documents", "int", "node"),
        keyOf("together", "int", "edge"),
      ],
      graph: {
        "@id": "entities",
        "@edgedefault": "undirected",
        node: entities.map(({ name, type, mentions, documentCount }) => ({
          "@id": ids.get(name),
          data: [data("name", name), data("type", type), data("mentions", mentions), data("documents", documentCount)],
        })),
        edge: pairs.map(({ first, second, together }) => ({
          "@source": ids.get(first),
          "@target": ids.get(second),
          data: data("together", together),
        })),
      },
    },
  });
}
