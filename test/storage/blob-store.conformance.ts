import { createHash, randomBytes } from "node:crypto";
import { buffer } from "node:stream/consumers";
import { Readable } from "node:stream";
import { PermanentError } from "../../src/errors.js";
import type { BlobStore } from "../../src/storage/blob-store.js";

/** What every blob store guarantees; `make` gives an empty one. */
export function describeBlobStore(name: string, make: () => Promise<BlobStore>): void {
  describe(`${name} blob store`, () => {
    let store: BlobStore;
    beforeEach(async () => {
      store = await make();
    });

    test("gives back the bytes it was given, with their size and hash", async () => {
      const bytes = randomBytes(300_000);
      const facts = await store.write("a/b-1/c_2.bin", bytes);
      expect(facts).toEqual({ sizeBytes: 300_000, sha256: createHash("sha256").update(bytes).digest("hex") });
      expect(await store.size("a/b-1/c_2.bin")).toBe(300_000);
      expect((await buffer(await store.read("a/b-1/c_2.bin"))).equals(bytes)).toBe(true);
    });

    test("takes a stream as it takes bytes", async () => {
      const pieces = Array.from({ length: 20 }, () => randomBytes(70_001));
      const facts = await store.write("stream", Readable.from(pieces));
      expect(facts.sha256).toBe(createHash("sha256").update(Buffer.concat(pieces)).digest("hex"));
      expect((await buffer(await store.read("stream"))).equals(Buffer.concat(pieces))).toBe(true);
    });

    test("keeps an empty blob", async () => {
      expect((await store.write("empty", new Uint8Array(0))).sizeBytes).toBe(0);
      expect(await store.size("empty")).toBe(0);
      expect((await buffer(await store.read("empty"))).length).toBe(0);
    });

    test("replaces what was under the key", async () => {
      await store.write("key", Buffer.from("a long first text"));
      await store.write("key", Buffer.from("second"));
      expect((await buffer(await store.read("key"))).toString()).toBe("second");
    });

    test("reads ranges that include both ends", async () => {
      await store.write("digits", Buffer.from("0123456789"));
      const range = async (start: number, end: number): Promise<string> =>
        (await buffer(await store.read("digits", { start, end }))).toString();
      expect(await range(0, 0)).toBe("0");
      expect(await range(2, 5)).toBe("2345");
      expect(await range(8, 9)).toBe("89");
      expect(await range(8, 100)).toBe("89");
    });

    test("refuses more than maxBytes and keeps nothing", async () => {
      const write = store.write("big", Readable.from([randomBytes(600), randomBytes(600)]), { maxBytes: 1_000 });
      await expect(write).rejects.toMatchObject({ code: "TOO_LARGE" });
      await expect(store.write("big", randomBytes(1_001), { maxBytes: 1_000 })).rejects.toThrow(PermanentError);
      expect(await store.size("big")).toBeNull();
      expect((await store.write("big", randomBytes(1_000), { maxBytes: 1_000 })).sizeBytes).toBe(1_000);
    });

    test("keeps what was there when a write that should replace it fails", async () => {
      await store.write("kept", Buffer.from("before"));
      const failing = Readable.from(
        (async function* () {
          yield Buffer.from("half");
          throw new Error("the source died");
        })(),
      );
      await expect(store.write("kept", failing)).rejects.toThrow("the source died");
      await expect(store.write("kept", randomBytes(10), { maxBytes: 5 })).rejects.toThrow(PermanentError);
      expect((await buffer(await store.read("kept"))).toString()).toBe("before");
    });

    test("keeps nothing of a source that fails or is cut off", async () => {
      const failing = Readable.from(
        (async function* () {
          yield Buffer.from("half");
          throw new Error("the source died");
        })(),
      );
      await expect(store.write("failed", failing)).rejects.toThrow("the source died");
      const cut = new Readable({ read: () => undefined });
      cut.push("half");
      setImmediate(() => cut.destroy());
      await expect(store.write("cut", cut)).rejects.toThrow();
      expect(await store.size("failed")).toBeNull();
      expect(await store.size("cut")).toBeNull();
    });

    test("says BLOB_MISSING where there is none", async () => {
      await expect(store.read("nowhere/at-all")).rejects.toMatchObject({ code: "BLOB_MISSING" });
      expect(await store.size("nowhere/at-all")).toBeNull();
    });

    test("removes, and removes again without an error", async () => {
      await store.write("gone", Buffer.from("x"));
      await store.remove("gone");
      await store.remove("gone");
      expect(await store.size("gone")).toBeNull();
    });

    test.each([
      "",
      "/etc/passwd",
      "../out",
      "a/../../out",
      "a/..",
      "a//b",
      "a/",
      ".hidden",
      "a\\b",
      "a\0b",
      "ä",
      "a b",
    ])("refuses the key %j", async (key) => {
      await expect(store.write(key, Buffer.from("x"))).rejects.toMatchObject({ code: "INVALID_KEY" });
      await expect(store.read(key)).rejects.toMatchObject({ code: "INVALID_KEY" });
      await expect(store.size(key)).rejects.toMatchObject({ code: "INVALID_KEY" });
      await expect(store.remove(key)).rejects.toMatchObject({ code: "INVALID_KEY" });
      await expect(store.removeBelow(key)).rejects.toMatchObject({ code: "INVALID_KEY" });
    });

    test("removes all that lies below a prefix, and nothing that only begins alike", async () => {
      for (const key of ["tree/a", "tree/b/c", "tree-2/a", "treetop"]) await store.write(key, Buffer.from(key));
      await store.removeBelow("tree");
      expect([await store.size("tree/a"), await store.size("tree/b/c")]).toEqual([null, null]);
      expect([await store.size("tree-2/a"), await store.size("treetop")]).toEqual([8, 7]);
      await store.removeBelow("treetop");
      await store.removeBelow("never-there");
      expect(await store.size("treetop")).toBe(7);
    });

    test("readers of a key that is written over and over see one whole blob", async () => {
      const versions = ["a", "b", "c"].map((letter) => Buffer.alloc(200_000, letter));
      await store.write("busy", versions[0] as Buffer);
      let writing = true;
      const writer = (async () => {
        for (let i = 0; i < 30; i += 1) await store.write("busy", versions[i % 3] as Buffer);
        writing = false;
      })();
      while (writing) {
        const seen = await buffer(await store.read("busy"));
        expect(versions.some((version) => version.equals(seen))).toBe(true);
      }
      await writer;
    });
  });
}
