import { schemaFault } from "./database.js";
import { PROCESS_ROLES, type ProcessRole } from "./process-roles.js";

/** What is wrong between settings that are right each by itself. */
export function relations(values: Record<string, unknown>): string[] {
  const faults: string[] = [];
  const { HEADWAY_LEASE_MS: leaseMs, HEADWAY_HEARTBEAT_MS: heartbeatMs } = values as Record<string, number | undefined>;
  if (leaseMs !== undefined && heartbeatMs !== undefined && heartbeatMs * 2 > leaseMs) {
    faults.push(
      `HEADWAY_HEARTBEAT_MS is ${heartbeatMs}; it must be at most half of HEADWAY_LEASE_MS (${leaseMs}), because one lost heartbeat must not lose the lease.`,
    );
  }
  if (!values.AWS_ACCESS_KEY_ID !== !values.AWS_SECRET_ACCESS_KEY) {
    const [missing, given] = values.AWS_ACCESS_KEY_ID
      ? ["AWS_SECRET_ACCESS_KEY", "AWS_ACCESS_KEY_ID"]
      : ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"];
    faults.push(
      `${missing} is not set, though ${given} is; set both or neither, because a key is of no use without its secret.`,
    );
  }
  if (values.HEADWAY_EMBEDDER === "openai" && values.HEADWAY_OPENAI_URL === null) {
    faults.push(
      'HEADWAY_EMBEDDER is "openai" and HEADWAY_OPENAI_URL is not set; set it, such as to https://api.openai.com/v1, because the vectors come from there.',
    );
  }
  if (values.HEADWAY_DATABASE_DIRECT_URL && !values.DATABASE_URL) {
    faults.push(
      "HEADWAY_DATABASE_DIRECT_URL is set and DATABASE_URL is not; set DATABASE_URL too, because the direct one is only for LISTEN and migrations.",
    );
  }
  const roles = values.HEADWAY_ROLES as readonly ProcessRole[] | undefined;
  if (roles && roles.length < PROCESS_ROLES.length && values.DATABASE_URL === null) {
    faults.push(
      `HEADWAY_ROLES is "${roles.join(",")}" and DATABASE_URL is not set; set DATABASE_URL, because the embedded database belongs to one process with all roles.`,
    );
  }
  const [url, directUrl] = [values.DATABASE_URL, values.HEADWAY_DATABASE_DIRECT_URL] as (string | null | undefined)[];
  const schema = schemaFault((values.HEADWAY_DATABASE_SCHEMA ?? "") as string, url ?? null, directUrl ?? null);
  if (schema !== null) faults.push(schema);
  return faults;
}
