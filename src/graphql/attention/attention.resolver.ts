import { Arg, Ctx, FieldResolver, Mutation, Query, Resolver, Root } from "type-graphql";
import { acknowledge, readAttention } from "../../engine/operations/attention.js";
import { Attention, AttentionItem } from "../../model/attention.js";
import { NodeType } from "../../model/node.js";
import type { GraphContext } from "../context.js";
import { payload } from "../errors.js";
import { AcknowledgeInput } from "./attention.input.js";
import { AcknowledgePayload } from "./attention.payload.js";

/** What needs a person. */
@Resolver(() => AttentionItem)
export class AttentionResolver {
  @Query(() => Attention, {
    description:
      "What needs a person, of the project and of the installation: the first question of whoever keeps it running.",
  })
  attention(@Ctx() { db, projectId }: GraphContext): Promise<object> {
    return readAttention(db, projectId);
  }

  @Mutation(() => AcknowledgePayload, {
    description:
      "Says that a state is known. That is kept until the state ends; a failed job is no longer among what needs a person.",
  })
  acknowledge(
    @Arg("input", () => AcknowledgeInput, { description: "Which state, and a word to it." }) input: AcknowledgeInput,
    @Ctx() { deps, actor }: GraphContext,
  ): Promise<object> {
    return payload({ item: null }, async () => ({ item: await acknowledge(deps, actor, input) }));
  }

  @FieldResolver(() => NodeType, {
    nullable: true,
    description: "The job, the worker, or for ADMIN the webhook, that it is about.",
  })
  subject(
    @Root() { kind, subjectId }: AttentionItem,
    @Ctx() { loaders, principal }: GraphContext,
  ): Promise<object | null> | null {
    if (subjectId === null) return null;
    if (kind === "WEBHOOK_DISABLED") return principal.role === "ADMIN" ? loaders.webhook.load(subjectId) : null;
    return kind.startsWith("WORKER_") ? loaders.worker.load(subjectId) : loaders.job.load(subjectId);
  }
}
