import { Arg, Ctx, Mutation, Query, Resolver } from "type-graphql";
import { z } from "zod";
import { pausePipeline, resumePipeline } from "../../engine/operations/pause.js";
import { PipelineInfo } from "../../model/pipeline.js";
import type { GraphContext } from "../context.js";
import { payload } from "../errors.js";
import { PausePipelineInput, ResumePipelineInput } from "./pipeline.input.js";
import { PipelinePayload } from "./pipeline.payload.js";

@Resolver(() => PipelineInfo)
export class PipelineResolver {
  @Query(() => [PipelineInfo], { description: "Pipelines of this server, sorted by name." })
  pipelines(@Ctx() context: GraphContext): Promise<PipelineInfo[]> {
    return readPipelines(context);
  }

  @Mutation(() => PipelinePayload, {
    description:
      "Pauses a pipeline: no more of its tasks are claimed. Running tasks continue; new jobs wait. Requires ADMIN. Errors: UNKNOWN_PIPELINE, INVALID_INPUT.",
  })
  pausePipeline(
    @Arg("input", () => PausePipelineInput, { description: "The pipeline, and a reason." }) input: PausePipelineInput,
    @Ctx() context: GraphContext,
  ): Promise<object> {
    return payload({ pipeline: null }, async () => {
      await pausePipeline(context.deps, context.actor, input);
      return { pipeline: await readPipeline(context, input.pipeline) };
    });
  }

  @Mutation(() => PipelinePayload, {
    description:
      "Resumes a pipeline, so that its tasks are claimed again. No effect if it is not paused. Requires ADMIN. Errors: UNKNOWN_PIPELINE.",
  })
  resumePipeline(
    @Arg("input", () => ResumePipelineInput, { description: "The pipeline." }) input: ResumePipelineInput,
    @Ctx() context: GraphContext,
  ): Promise<object> {
    return payload({ pipeline: null }, async () => {
      await resumePipeline(context.deps, context.actor, input);
      return { pipeline: await readPipeline(context, input.pipeline) };
    });
  }
}

async function readPipeline(context: GraphContext, wanted: string): Promise<PipelineInfo> {
  return (await readPipelines(context)).find(({ name }) => name === wanted)!;
}

async function readPipelines({ db, projectId, deps }: GraphContext): Promise<PipelineInfo[]> {
  const open: { pipeline: string; queued: number; running: number; oldest: Date | null }[] = await db.query(
    `select pipeline, count(*) filter (where status = 'QUEUED')::int as queued,
       count(*) filter (where status = 'RUNNING')::int as running,
       min(run_at) filter (where status = 'QUEUED') as oldest
     from headway.task where status in ('QUEUED', 'RUNNING') and project_id = $1 group by pipeline`,
    [projectId],
  );
  const pauses: { pipeline: string; reason: string }[] = await db.query(
    "select pipeline, reason from headway.pipeline_pause where project_id = $1",
    [projectId],
  );
  return deps.registry.all().map(({ name, version, description, documentStages, collectionStages, options }) => {
    const work = open.find(({ pipeline }) => pipeline === name);
    const pause = pauses.find(({ pipeline }) => pipeline === name);
    return {
      name,
      version,
      description,
      documentStages: documentStages.map((stage) => stage.name),
      collectionStages: collectionStages.map((stage) => stage.name),
      paused: pause !== undefined,
      pausedReason: pause?.reason ?? null,
      optionsSchema: options === null ? null : z.toJSONSchema(options, { io: "input", unrepresentable: "any" }),
      queued: work?.queued ?? 0,
      running: work?.running ?? 0,
      oldestQueuedAt: work?.oldest ?? null,
    };
  });
}
