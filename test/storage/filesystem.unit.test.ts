import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { createFilesystemBlobStore } from "../../src/storage/filesystem.js";
import { until } from "../support/until.js";
import { describeBlobStore } from "./blob-store.conformance.js";

const folders: string[] = [];
async function folder(): Promise<string> {
  const made = await mkdtemp(path.join(tmpdir(), "headway-blobs-"));
  folders.push(made);
  return made;
}
afterAll(async () => {
  for (const made of folders) await rm(made, { recursive: true, force: true });
});

async function filesBelow(root: string): Promise<string[]> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => path.join(entry.parentPath, entry.name));
}

describeBlobStore("filesystem", async () =>
  createFilesystemBlobStore(path.join(await folder(), "made", "when needed")),
);

describe("filesystem blob store only", () => {
  test("a refused write leaves no file at all", async () => {
    const root = await folder();
    const store = createFilesystemBlobStore(root);
    await expect(store.write("a/big", Buffer.alloc(100), { maxBytes: 10 })).rejects.toMatchObject({
      code: "TOO_LARGE",
    });
    expect(await filesBelow(root)).toEqual([]);
  });

  test("a process killed while it writes leaves nothing under the key", async () => {
    const root = await folder();
    const script = `
      import { Readable } from "node:stream";
      const { createFilesystemBlobStore } = await import(${JSON.stringify(new URL("../../src/storage/filesystem.js", import.meta.url).href)});
      const endless = Readable.from((async function* () { for (;;) { yield Buffer.alloc(1000); await new Promise((r) => setTimeout(r, 5)); } })());
      await createFilesystemBlobStore(${JSON.stringify(root)}).write("a/half", endless);`;
    const writer = spawn(process.execPath, ["--input-type=module", "-e", script], { stdio: "ignore" });
    await until("it has begun to write", async () => (await filesBelow(root)).length > 0);
    writer.kill("SIGKILL");
    await once(writer, "exit");
    const store = createFilesystemBlobStore(root);
    expect(await store.size("a/half")).toBeNull();
    await expect(store.read("a/half")).rejects.toMatchObject({ code: "BLOB_MISSING" });
  });

  test("what writers left behind two hours ago is removed, what is younger is not", async () => {
    const root = await folder();
    const unfinished = path.join(root, ".unfinished");
    await mkdir(unfinished);
    for (const name of ["old", "young"]) await writeFile(path.join(unfinished, name), "half");
    const twoHoursAgo = new Date(Date.now() - 2 * 3_600_000);
    await utimes(path.join(unfinished, "old"), twoHoursAgo, twoHoursAgo);
    const store = createFilesystemBlobStore(root);
    expect([await store.removeAbandoned(), await store.removeAbandoned()]).toEqual([1, 0]);
    expect(await readdir(unfinished)).toEqual(["young"]);
    expect(await createFilesystemBlobStore(path.join(root, "not made yet")).removeAbandoned()).toBe(0);
  });

  test("a key is no folder of other keys", async () => {
    const store = createFilesystemBlobStore(await folder());
    await store.write("a/b", Buffer.from("x"));
    expect(await store.size("a")).toBeNull();
    await expect(store.read("a")).rejects.toMatchObject({ code: "BLOB_MISSING" });
    await store.remove("a");
    expect(await store.size("a/b")).toBe(1);
  });
});
