import type { ApiClient } from "../../src/cli/client.js";

/** Whether there is one worker, it moves, and by its last heartbeat it runs nothing. */
export async function isIdle(api: ApiClient): Promise<boolean> {
  const { workers } = await api.query<{ workers: { status: string; running: number }[] }>(
    "{ workers { status running } }",
  );
  return workers.length === 1 && workers[0]!.status === "RUNNING" && workers[0]!.running === 0;
}
