import { withClient, type ClientOptions } from "./connection.js";
import { EXIT } from "./exit-codes.js";
import { findCollection, kindOf } from "./find.js";
import { counted, plain, say, sayJson, table } from "./print.js";

export interface DoctorOptions extends ClientOptions {
  readonly collection?: string;
  readonly job?: string;
  readonly since?: string;
  readonly first: number;
}
interface Violation {
  readonly invariant: string;
  readonly entityType: string | null;
  readonly entityId: string | null;
  readonly detail: string;
}

/** `headway doctor`: broken invariants; exit code 1 where there is any. */
export async function runDoctor(options: DoctorOptions): Promise<void> {
  await withClient(options, async (client) => {
    const { collection, job, since, first } = options;
    if (job !== undefined) await kindOf(client, job, ["Job"]);
    const { violations } = await client.query<{ violations: Violation[] }>(
      `query ($collectionId: ID, $jobId: ID, $since: DateTime, $first: Int!) {
         violations: doctor(collectionId: $collectionId, jobId: $jobId, since: $since, first: $first) {
           invariant entityType entityId detail } }`,
      {
        collectionId: collection === undefined ? null : await findCollection(client, collection),
        jobId: job ?? null,
        since: since ?? null,
        first,
      },
    );
    if (violations.length > 0) process.exitCode = EXIT.failed;
    if (options.json) return sayJson({ violations });
    if (violations.length === 0) return say(`No invariant is broken in what changed ${span(since)}.`);
    say(`${counted(violations.length, "broken invariant")}${violations.length === first ? " or more" : ""}:`);
    const rows = violations.map(({ invariant, entityType, entityId, detail }) => [
      invariant,
      `${entityType?.toLowerCase() ?? ""} ${entityId ?? ""}`.trim(),
      plain(detail),
    ]);
    say(table(["invariant", "where", "what"], rows));
    say("Run the mutation repair to recompute wrong statuses. The history shows how they arose.");
  });
}

function span(since: string | undefined): string {
  return since === undefined ? "within a day, nor in any open job" : `since ${since}, nor in any open job`;
}
