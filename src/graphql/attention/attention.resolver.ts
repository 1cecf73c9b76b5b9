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
    description: "States of the project and the installation that need a person. Start here when you operate Headway.",
  })
  attention(@Ctx() { db, projectId }: GraphContext): Promise<object> {
    return readAttention(db, projectId);
  }

  @Mutation(() => AcknowledgePayload, {
    description:
      "Acknowledges an attention item. The acknowledgement lasts until the state ends. An acknowledged FAILED_JOB item is removed from the list. Requires OPERATOR. Errors: NOT_FOUND, INVALID_INPUT.",
  })
  acknowledge(
    @Arg("input", () => AcknowledgeInput, { description: "Item to acknowledge, with a comment." })
    input: AcknowledgeInput,
    @Ctx() { deps, actor }: GraphContext,
  ): Promise<object> {
    return payload({ item: null }, async () => ({ item: await acknowledge(deps, actor, input) }));
  }

  @FieldResolver(() => NodeType, {
    nullable: true,
    description:
      "Job, worker or webhook that the item concerns; null for other kinds. Webhooks are returned to ADMIN only.",
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
