import { openCompound } from "../../src/pipelines/documents/parsers/compound.js";
import { compoundFile } from "./compound-writer.js";

const file = compoundFile({ one: Buffer.alloc(1_500, "a"), "store/two": Buffer.from("two") });

describe("a compound file", () => {
  test("gives its streams by their paths, and says what lies in which storage", () => {
    const compound = openCompound(file, "old.doc");
    expect(compound.entries.map(({ path }) => path).sort()).toEqual(["one", "store", "store/two"]);
    expect(compound.inside("store").map(({ path }) => path)).toEqual(["store/two"]);
    expect(compound.read("one")!.toString()).toBe("a".repeat(1_500));
    expect(compound.read("store/two")!.toString()).toBe("two");
    expect([compound.read("three"), compound.read("store")]).toEqual([null, null]);
  });

  test("whose pieces lead in a circle is broken, and not read for ever", () => {
    const circle = Buffer.from(file);
    const fat = circle.length - 512;
    circle.writeUInt32LE(0, fat + 2 * 4);
    circle.writeUInt32LE(0x7fffffff, circle.indexOf(Buffer.from("one", "utf16le")) + 120);
    expect(() => openCompound(circle, "old.doc").read("one")).toThrow(/lead in a circle/);
  });

  test("that breaks off gives what is there", () => {
    const compound = openCompound(Buffer.concat([file, Buffer.alloc(0)]).subarray(0, file.length), "old.doc");
    expect(compound.read("one")!.length).toBe(1_500);
  });
});
