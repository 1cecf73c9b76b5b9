import { Arg, Ctx, FieldResolver, Mutation, Query, Resolver, Root } from "type-graphql";
import { z } from "zod";
import { pausePipeline, resumePipeline } from "../../engine/operations/pause.js";
import { readUsedLimits, type UsedLimits } from "../../engine/read/limit-uses.js";
import { readStageWork, type OpenAtStage } from "../../engine/read/stage-work.js";
import { placeOf } from "../../engine/read/waiting-limits.js";
import { PipelineInfo } from "../../model/pipeline.js";
import { LimitUse, PipelineStage } from "../../model/pipeline-stage.js";
import type { Stage } from "../../pipelines/pipeline.js";
import { DEFAULT_MAX_ATTEMPTS, DEFAULT_STAGE_TIMEOUT_MS } from "../../pipelines/stage-settings.js";
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

  @FieldResolver(() => [PipelineStage], {
    description: "Document stages in order, then collection stages.",
  })
  async stages(@Root() { name, work }: ReadPipeline, @Ctx() context: GraphContext): Promise<PipelineStage[]> {
    const limits = await limitsIn(context);
    const { documentStages, collectionStages } = context.deps.registry.get(name)!;
    const told = (kind: PipelineStage["kind"]) => (stage: Stage) => {
      const open = work.find((one) => one.stage === stage.name);
      return {
        name: stage.name,
        kind,
        maxAttempts: stage.maxAttempts ?? DEFAULT_MAX_ATTEMPTS,
        timeoutMs: stage.timeoutMs ?? DEFAULT_STAGE_TIMEOUT_MS,
        queued: open?.queued ?? 0,
        running: open?.running ?? 0,
        oldestQueuedAt: open?.oldestQueuedAt ?? null,
        limits: limits.get(placeOf(name, stage.name)) ?? null,
      };
    };
    return [...documentStages.map(told("DOCUMENT")), ...collectionStages.map(told("COLLECTION"))];
  }

  @FieldResolver(() => LimitUse, {
    nullable: true,
    description: "Limits of the whole pipeline; null if it has none. Stages may have limits of their own.",
  })
  async limits(@Root() { name }: PipelineInfo, @Ctx() context: GraphContext): Promise<LimitUse | null> {
    return (await limitsIn(context)).get(placeOf(name, "")) ?? null;
  }
}

/** A pipeline as it is read, with its work by stage. */
interface ReadPipeline extends PipelineInfo {
  readonly work: readonly OpenAtStage[];
}

async function readPipeline(context: GraphContext, wanted: string): Promise<PipelineInfo> {
  return (await readPipelines(context)).find(({ name }) => name === wanted)!;
}

async function readPipelines({ db, projectId, deps }: GraphContext): Promise<ReadPipeline[]> {
  const open = await readStageWork(db, projectId);
  const pauses: { pipeline: string; reason: string; by: string; at: Date }[] = await db.query(
    `select pipeline, reason, paused_by as by, paused_at as at from headway.pipeline_pause where project_id = $1`,
    [projectId],
  );
  return deps.registry.all().map(({ name, version, description, documentStages, collectionStages, options }) => {
    const work = open.filter(({ pipeline }) => pipeline === name);
    const pause = pauses.find(({ pipeline }) => pipeline === name);
    return {
      name,
      version,
      description,
      documentStages: documentStages.map((stage) => stage.name),
      collectionStages: collectionStages.map((stage) => stage.name),
      paused: pause !== undefined,
      pausedReason: pause?.reason ?? null,
      pausedBy: pause?.by ?? null,
      pausedAt: pause?.at ?? null,
      optionsSchema: options === null ? null : z.toJSONSchema(options, { io: "input", unrepresentable: "any" }),
      queued: work.reduce((sum, { queued }) => sum + queued, 0),
      running: work.reduce((sum, { running }) => sum + running, 0),
      oldestQueuedAt: earliest(work),
      work,
    };
  });
}

function earliest(work: readonly OpenAtStage[]): Date | null {
  const times = work.flatMap(({ oldestQueuedAt }) => (oldestQueuedAt === null ? [] : [oldestQueuedAt.getTime()]));
  return times.length === 0 ? null : new Date(Math.min(...times));
}

/** Once a request, for all pipelines together. */
function limitsIn({ once, deps }: GraphContext): Promise<ReadonlyMap<string, UsedLimits>> {
  return once.do("limits", {}, () => readUsedLimits(deps));
}
