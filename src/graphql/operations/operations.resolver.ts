import { Arg, Ctx, ID, Int, Mutation, Query, Resolver } from "type-graphql";
import { countOpenStages, findViolations } from "../../engine/operations/doctor.js";
import { countJobs } from "../../engine/read/job-counts.js";
import { repair } from "../../engine/operations/repair.js";
import { Turns } from "../../async/turns.js";
import { BadInput, ServiceBusy } from "../../errors.js";
import { JobCount } from "../../model/job-count.js";
import { StageCount } from "../../model/job.js";
import { Violation } from "../../model/violation.js";
import { Worker } from "../../model/worker.js";
import type { GraphContext } from "../context.js";
import { optionalUuid } from "../ids.js";
import { RepairInput } from "./operations.input.js";
import { RepairPayload } from "./operations.payload.js";

const DAY_MS = 86_400_000;
const MAX_VIOLATIONS = 1_000;
/** However many ask: most of the connections are left to those who ask for less. */
const scans = new Turns(2, 5_000, () => new ServiceBusy("Others are asking doctor; ask again later."));

/** What those ask who keep the system running. */
@Resolver()
export class OperationsResolver {
  @Query(() => [Worker], {
    description:
      "Workers of the whole installation, newest first. Workers serve every project. Cleanly stopped workers are included only with `includeStopped`. A worker that has not sent a heartbeat for 30 days is removed.",
  })
  workers(
    @Arg("includeStopped", () => Boolean, {
      nullable: true,
      defaultValue: false,
      description: "Whether to include workers that shut down cleanly.",
    })
    includeStopped: boolean | null,
    @Ctx() { db }: GraphContext,
  ): Promise<Worker[]> {
    const query = db.getRepository(Worker).createQueryBuilder("t");
    if (!includeStopped) query.where("t.stopped_at is null");
    return query.orderBy("t.id", "DESC").getMany();
  }

  @Query(() => [StageCount], {
    description: "Open tasks by stage, over all open jobs or those of one collection.",
  })
  stageCounts(
    @Arg("collectionId", () => ID, { nullable: true, description: "ID of a collection; the whole project if absent." })
    collectionId: string | null,
    @Arg("pipeline", () => String, { nullable: true, description: "Name of a pipeline; all pipelines if absent." })
    pipeline: string | null,
    @Ctx() { db, projectId, principal }: GraphContext,
  ): Promise<StageCount[]> {
    const scope = {
      projectId,
      collectionId: optionalUuid(collectionId, "collectionId"),
      seen: principal.scope,
      pipeline: pipeline?.replaceAll("\0", "") ?? null,
    };
    return countOpenStages(db, scope);
  }

  @Query(() => [JobCount], {
    description:
      "Number of jobs in each status, in the whole project or one collection. Exact; statuses without jobs are included.",
  })
  jobCounts(
    @Arg("pipeline", () => String, { nullable: true, description: "Name of a pipeline; all pipelines if absent." })
    pipeline: string | null,
    @Arg("collectionId", () => ID, { nullable: true, description: "ID of a collection; the whole project if absent." })
    collectionId: string | null,
    @Ctx() { db, projectId, principal }: GraphContext,
  ): Promise<JobCount[]> {
    return countJobs(db, {
      projectId,
      pipeline: pipeline?.replaceAll("\0", "") ?? null,
      collectionId: optionalUuid(collectionId, "collectionId"),
      seen: principal.scope,
    });
  }

  @Query(() => [Violation], {
    description:
      "Broken invariants in open jobs and in everything that changed since `since`, at most `first`. Empty if there are none. Limited to 10 s (QUERY_TIMED_OUT) and to one check at a time per key.",
  })
  doctor(
    @Arg("collectionId", () => ID, { nullable: true, description: "ID of a collection; the whole project if absent." })
    collectionId: string | null,
    @Arg("jobId", () => ID, { nullable: true, description: "ID of a job; all jobs if absent." }) jobId: string | null,
    @Arg("since", () => Date, {
      nullable: true,
      description: "Check settled work that changed since this time. Default: one day ago.",
    })
    since: Date | null,
    @Arg("first", () => Int, {
      nullable: true,
      defaultValue: 100,
      description: `Maximum number of violations, 1 to ${MAX_VIOLATIONS}.`,
    })
    first: number | null,
    @Ctx() { db, projectId, principal, once, signal }: GraphContext,
  ): Promise<Violation[]> {
    const limit = first ?? 100;
    if (limit < 1 || limit > MAX_VIOLATIONS) {
      throw new BadInput(`first: ${limit} is out of range; it must be 1 to ${MAX_VIOLATIONS}.`, { field: "first" });
    }
    const asked = {
      collectionId: optionalUuid(collectionId, "collectionId"),
      jobId: optionalUuid(jobId, "jobId"),
      since,
      limit,
    };
    return once.do("doctor", asked, () =>
      scans.run(principal.keyId, () =>
        findViolations(
          db,
          { ...asked, projectId, seen: principal.scope, since: since ?? new Date(Date.now() - DAY_MS) },
          signal,
        ),
      ),
    );
  }

  @Mutation(() => RepairPayload, {
    description:
      "Recomputes the statuses of one job, or of all open jobs, from their tasks. Requires ADMIN. Errors: BAD_USER_INPUT.",
  })
  async repair(
    @Arg("input", () => RepairInput, { description: "Jobs to repair." }) input: RepairInput,
    @Ctx() { deps, projectId, loaders }: GraphContext,
  ): Promise<object> {
    const jobId = optionalUuid(input.jobId, "jobId");
    if (jobId !== null && !(await loaders.job.load(jobId))) {
      throw new BadInput(`jobId: there is no job ${jobId}.`, { field: "jobId" });
    }
    return repair(deps, projectId, jobId);
  }
}
