import { Arg, Ctx, Mutation, Resolver } from "type-graphql";
import { applyToJobs, MAX_BULK_JOBS } from "../../engine/operations/bulk.js";
import { idOf } from "../../engine/input.js";
import type { GraphContext } from "../context.js";
import { payload, type UserErrorData } from "../errors.js";
import { JobFilter } from "./job.input.js";
import { jobsWhere } from "./job-list.js";
import { UserError } from "../user-error.js";
import { BulkJobsInput } from "./bulk.input.js";
import { BulkJobsPayload } from "./bulk.payload.js";

const MAX_SHOWN = 100;
const FILTER = ["input", "filter"];

@Resolver()
export class BulkResolver {
  @Mutation(() => BulkJobsPayload, {
    description:
      "Retries or cancels every job that matches a filter. Jobs that cannot be retried or cancelled are reported; the others are processed. Requires ADMIN. Errors: INVALID_INPUT, LIMIT_EXCEEDED, and those of `retryJob` and `cancelJob`.",
  })
  bulkJobs(
    @Arg("input", () => BulkJobsInput, { description: "The action and the jobs." }) input: BulkJobsInput,
    @Ctx() context: GraphContext,
  ): Promise<object> {
    return payload({ matched: 0, applied: 0, firstJobIds: [] }, async () => {
      const { collectionId } = input.filter;
      if (typeof collectionId === "string") idOf(collectionId, ["filter", "collectionId"]);
      return bulkJobs(context, input);
    });
  }
}

async function bulkJobs(context: GraphContext, input: BulkJobsInput): Promise<BulkJobsPayload> {
  const { matched, jobIds } = await match(context, input.filter);
  const answer = (applied: number, userErrors: UserErrorData[]): BulkJobsPayload => ({
    matched,
    applied,
    firstJobIds: jobIds.slice(0, MAX_SHOWN),
    userErrors: userErrors as UserError[],
  });
  if (matched > MAX_BULK_JOBS) {
    const message = `The filter matches ${matched} jobs; the limit is ${MAX_BULK_JOBS}. Narrow it down.`;
    return answer(0, [{ code: "LIMIT_EXCEEDED", message, path: FILTER }]);
  }
  if (input.dryRun ?? true) return answer(0, []);
  if (isEmpty(input.filter)) {
    const message = "The filter is empty and would match every job of the project; add a condition.";
    return answer(0, [{ code: "INVALID_INPUT", message, path: FILTER }]);
  }
  const { applied, refused } = await applyToJobs(context.deps, context.actor, {
    action: input.action,
    jobIds,
    reason: input.reason ?? null,
  });
  return answer(
    applied,
    refused.map((refusal) => ({ ...refusal, path: FILTER })),
  );
}

/** The ids that the filter takes, newest first and no more than can be done; and how many there are in all. */
async function match(context: GraphContext, filter: JobFilter): Promise<{ matched: number; jobIds: string[] }> {
  const [sql, parameters] = jobsWhere(context, filter)
    .select("t.id", "id")
    .orderBy("t.created_at", "DESC")
    .addOrderBy("t.id", "DESC")
    .limit(MAX_BULK_JOBS + 1)
    .getQueryAndParameters();
  const rows: { id: string }[] = await context.db.query(sql, parameters);
  const matched = rows.length <= MAX_BULK_JOBS ? rows.length : await jobsWhere(context, filter).getCount();
  return { matched, jobIds: rows.map(({ id }) => id) };
}

/** Whether it takes every job: nothing is given, or nothing that leaves any out. */
function isEmpty({ tags, ...rest }: JobFilter): boolean {
  const isAbsent = (value: unknown): boolean => value === null || value === undefined;
  return Object.values(rest).every(isAbsent) && (isAbsent(tags) || tags!.length === 0);
}
