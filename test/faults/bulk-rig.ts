import type { ApiClient } from "../../src/cli/client.js";
import type { HeadwayProcess } from "../support/processes.js";
import { until } from "../support/until.js";
import { createFaultRig, hasExited, hasFired, ROLES, type FaultRig } from "./rig.js";

/** More than two steps of 500, so that one that follows the decision leaves some; added in two requests, which take 1,000 documents each. */
export const DOCUMENTS = 1_050;
const ADDED_FIRST = 700;
/** For all of them through three stages, on a machine that does much else. */
export const DEADLINE_MS = 150_000;

export const CANCEL =
  "mutation ($id: ID!) { cancelJob(input: { jobId: $id }) { job { id } userErrors { code message } } }";
export const RETRY =
  "mutation ($id: ID!) { retryJob(input: { jobId: $id, from: FIRST_STAGE }) { retriedTasks userErrors { code message } } }";
export const DELETE =
  "mutation ($id: ID!) { deleteCollection(input: { collectionId: $id }) { userErrors { code message } } }";

/** A rig for calls that take more than one step, with an API that is not killed. */
export class BulkRig {
  readonly rig: FaultRig;
  readonly api: ApiClient;
  /** What a test has started: left alive by one that failed it would do the next one's work. */
  #started: HeadwayProcess[] = [];

  private constructor(rig: FaultRig, api: ApiClient) {
    this.rig = rig;
    this.api = api;
  }

  static async begins(): Promise<BulkRig> {
    const rig = await createFaultRig();
    return new BulkRig(rig, rig.client(await rig.start(ROLES.api)));
  }

  async start(...settings: readonly Record<string, string>[]): Promise<HeadwayProcess> {
    const process = await this.rig.start(...settings);
    this.#started.push(process);
    return process;
  }

  async killStarted(): Promise<void> {
    await Promise.all(this.#started.map((process) => process.kill()));
    this.#started = [];
  }

  async collection(): Promise<string> {
    const id = await this.rig.collection(this.api, ADDED_FIRST);
    const documents = Array.from({ length: DOCUMENTS - ADDED_FIRST }, (_, n) => ({ name: `more${n}`, text: "t" }));
    await this.api.mutate(
      "mutation ($input: AddDocumentsInput!) { addDocuments(input: $input) { documents { id } userErrors { code message } } }",
      { input: { collectionId: id, documents } },
    );
    return id;
  }

  async tasks(job: string): Promise<Record<string, number>> {
    const { rows } = await this.rig.db.query<{ status: string; n: number }>(
      "select status, count(*)::int as n from headway.task where job_id = $1 and kind = 'DOCUMENT' group by 1",
      [job],
    );
    return Object.fromEntries(rows.map(({ status, n }) => [status, n]));
  }

  async operation(job: string): Promise<{ kind: string | null; status: string; run: number }> {
    const { rows } = await this.rig.db.query(
      "select operation->>'kind' as kind, status, run from headway.job where id = $1",
      [job],
    );
    return rows[0];
  }

  /** Sends it to an API process that dies at that passage of the failpoint; it says nothing more. */
  async dieIn(mutation: string, id: string | null, failpoint: string): Promise<void> {
    const doomed = await this.start(ROLES.api, { HEADWAY_FAILPOINT: failpoint });
    await expect(this.rig.client(doomed).query(mutation, { id })).rejects.toThrow();
    await until("it is dead", () => hasExited(doomed));
    expect(hasFired(doomed)).toBe(true);
  }
}
