import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { ROOT } from "../support/root.js";

const run = promisify(execFile);

test("what the console keeps of the schema is what would be generated now", async () => {
  const folder = await mkdtemp(path.join(tmpdir(), "headway-generated-"));
  try {
    await run(process.execPath, [path.join(ROOT, "scripts", "generate-console.mjs"), folder]);
    for (const name of ["operations.ts", "meanings.ts"]) {
      const kept = await readFile(path.join(ROOT, "src", "console", "generated", name), "utf8");
      expect(await readFile(path.join(folder, name), "utf8")).toBe(kept);
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
