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

  test("whose pieces lead in a circle is broken, and not read forever", () => {
    const circle = Buffer.from(file);
    const directory = circle.readUInt32LE(48);
    circle.writeUInt32LE(directory, circle.length - 512 + directory * 4);
    expect(() => openCompound(circle, "old.doc")).toThrow(/lead in a circle/);
  });

  test("that breaks off gives what is there", () => {
    const whole = compoundFile({ last: Buffer.alloc(600, "a") });
    // It says that it is longer than its pieces are.
    whole.writeUInt32LE(5_000, whole.indexOf(Buffer.from("last", "utf16le")) + 120);
    expect(openCompound(whole, "old.doc").read("last")!.subarray(0, 600).toString()).toBe("a".repeat(600));
  });
});
