import { XMLParser } from "fast-xml-parser";
import { graphml } from "../../src/pipelines/documents/graph/graphml.js";
import { Mentions } from "../../src/pipelines/documents/graph/mentions.js";
import { namesIn } from "../../src/pipelines/documents/graph/names.js";

describe("namesIn", () => {
  test("finds people, places and organizations in prose, without marks and possessives", () => {
    const found = namesIn(
      "Ada Lovelace met Charles Babbage in London. Babbage's engine was never finished. She later worked with Microsoft and the World Health Organization in France.",
    );
    expect(found).toEqual(
      expect.arrayContaining([
        { name: "Ada Lovelace", type: "PERSON" },
        { name: "Charles Babbage", type: "PERSON" },
        { name: "London", type: "PLACE" },
        { name: "France", type: "PLACE" },
        { name: "Microsoft", type: "ORGANIZATION" },
      ]),
    );
    expect(found.map(({ name }) => name).filter((name) => /['’.,]/.test(name))).toEqual([]);
  });

  test("finds no names where there are none", () => {
    expect(namesIn("the quick brown fox jumps over the lazy dog on a monday.")).toEqual([]);
    expect(namesIn("")).toEqual([]);
  });
});

describe("the graph of what occurs together", () => {
  const mentions = new Mentions();
  mentions.add("d1", [
    { name: "Ada", type: "PERSON" },
    { name: "London", type: "PLACE" },
    { name: "Ada", type: "PERSON" },
  ]);
  mentions.add("d2", [
    { name: "ADA", type: "ORGANIZATION" },
    { name: "London", type: "PLACE" },
  ]);
  mentions.add("d2", [{ name: "Paris & <Co>", type: "ORGANIZATION" }]);
  const { entities, pairs } = mentions.result();

  test("counts one name in all its spellings, under the most frequent one and its most frequent type", () => {
    expect(entities[0]).toEqual({
      name: "Ada",
      type: "PERSON",
      mentions: 3,
      documentCount: 2,
      documents: [
        { documentId: "d1", mentions: 2 },
        { documentId: "d2", mentions: 1 },
      ],
      related: [{ name: "London", together: 2 }],
    });
    expect(entities.map(({ name }) => name)).toEqual(["Ada", "London", "Paris & <Co>"]);
  });

  test("pairs what the same passage names, once a passage", () => {
    expect(pairs).toEqual([{ first: "Ada", second: "London", together: 2 }]);
  });

  test("is written as GraphML that says the same", () => {
    const { graphml: written } = new XMLParser({ ignoreAttributes: false, attributeNamePrefix: "" }).parse(
      graphml(entities, pairs),
    );
    expect(written.graph.node.map((node: any) => node.data[0]["#text"])).toEqual(["Ada", "London", "Paris & <Co>"]);
    expect(written.graph.edge).toEqual({ source: "n0", target: "n1", data: { key: "together", "#text": 2 } });
  });
});
