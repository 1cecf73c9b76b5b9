import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { ROOT } from "../support/root.js";

test("the operations of headway-api/client are those that would be generated now (npm run schema makes them anew)", async () => {
  const folder = await mkdtemp(path.join(tmpdir(), "headway-operations-"));
  const file = path.join(folder, "operations.ts");
  await promisify(execFile)(process.execPath, [path.join(ROOT, "scripts", "generate-operations.mjs"), file]);
  const kept = await readFile(path.join(ROOT, "src", "client", "operations.ts"), "utf8");
  expect(await readFile(file, "utf8")).toBe(kept);
  await rm(folder, { recursive: true, force: true });
});
