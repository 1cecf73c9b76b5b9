import { fileURLToPath } from "node:url";
import type { ApiClient } from "../client.js";
import { counted } from "../print.js";
import { readDemoJob, submitDemo, type Demo } from "./demo-job.js";
import { minutesFor } from "./outside-service.js";

export const OUTSIDE_SERVICE_FILE = fileURLToPath(new URL("./outside-service.js", import.meta.url));
/** For about ten minutes. */
const MAX_DOCUMENTS = 200;

export interface LeftRunning {
  /** For the reader: how much is left, with what, for how long. Null once it is settled. */
  rest(): Promise<string | null>;
  /** Cancels what is left before the demo ends: no other server has its pipeline, so that it would not end by itself. */
  cancel(): Promise<void>;
}

/** Submits the texts of a demo to a pipeline that takes its time. */
export async function leaveRunning(client: ApiClient, { found }: Demo): Promise<LeftRunning> {
  const documents = found.documents.filter(({ name }) => /\.(md|txt)$/i.test(name)).slice(0, MAX_DOCUMENTS);
  const { id } = await submitDemo(client, {
    pipeline: "outside-service",
    options: {},
    found: { documents, leftOut: 0, roots: [] },
    show: () => Promise.resolve({}),
  });
  const left = async (): Promise<number> => {
    const { total, completed, failed, cancelled, skipped } = (await readDemoJob(client, id)).counts;
    return total - completed - failed - cancelled - skipped;
  };
  return {
    rest: async () => {
      const open = await left();
      if (open === 0) return null;
      return `${counted(open, "document")} with outside-service, for about ${counted(minutesFor(open), "minute")}.`;
    },
    cancel: async () => {
      if ((await left()) === 0) return;
      await client.mutate(
        `mutation ($input: CancelJobInput!) { cancelJob(input: $input) { userErrors { code message } } }`,
        { input: { jobId: id, reason: "the demo has ended" } },
      );
    },
  };
}
