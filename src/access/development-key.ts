import { readFile, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import type { DataSource } from "typeorm";
import { createKey, KeyRing } from "./keys.js";
import { DEFAULT_PROJECT_ID } from "./projects.js";

/** Where an embedded server leaves its key for the commands of the same user. */
export function developmentKeyFile(dataDir: string): string {
  return path.join(dataDir, "development-key");
}

/**
 * The key of an embedded server: an ADMIN of the project `default`, the same at every start, in a file of the data
 * folder that only its owner reads. Made anew when the file is gone, or its key is no longer good.
 */
export async function developmentKey(db: DataSource, dataDir: string): Promise<string> {
  const file = developmentKeyFile(dataDir);
  const kept = (await readFile(file, "utf8").catch(() => "")).trim();
  const keys = new KeyRing(db, () => undefined); // When it was last used is told by the server's own key ring.
  if (kept !== "" && (await keys.verify(kept)) !== null) return kept;
  const { key } = await createKey(db, {
    projectId: DEFAULT_PROJECT_ID,
    name: "development",
    role: "ADMIN",
    lifeMs: null,
    scope: null,
    createdBy: "headway start",
  });
  // Beside it and then moved: a file that was there would keep its mode while the key is written into it.
  const beside = `${file}.new`;
  await rm(beside, { force: true });
  await writeFile(beside, `${key}\n`, { mode: 0o600, flag: "wx" });
  await rename(beside, file);
  return key;
}
