import { rm } from "node:fs/promises";

export default async function globalTeardown(): Promise<void> {
  const run = globalThis.headwayTestPostgres;
  if (!run) return;
  await run.server.stop();
  await rm(run.folder, { recursive: true, force: true });
}
