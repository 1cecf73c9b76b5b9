import { Arg, Args, Ctx, FieldResolver, Mutation, Query, Resolver, Root } from "type-graphql";
import type { SelectQueryBuilder } from "typeorm";
import {
  createWebhook,
  deleteWebhook,
  redeliver,
  rotateSecret,
  updateWebhook,
} from "../../engine/webhooks/webhooks.js";
import { Job } from "../../model/job.js";
import { Webhook, WebhookAttempt, WebhookDelivery } from "../../model/webhook.js";
import type { GraphContext } from "../context.js";
import { payload } from "../errors.js";
import { WebhookConnection, WebhookDeliveryConnection } from "../paging/connections.js";
import { ForwardArgs } from "../paging/list-args.js";
import type { Page } from "../paging/page.js";
import { entityList, keysetPage } from "../paging/paged-list.js";
import {
  CreateWebhookInput,
  DeleteWebhookInput,
  RedeliverWebhookInput,
  RotateWebhookSecretInput,
  UpdateWebhookInput,
} from "./webhook.input.js";
import {
  CreateWebhookPayload,
  DeleteWebhookPayload,
  RedeliverWebhookPayload,
  WebhookPayload,
} from "./webhook.payload.js";

const NEWEST = {
  descending: true,
  columns: [
    { sql: "t.created_at", type: "timestamptz" },
    { sql: "t.id", type: "uuid" },
  ],
} as const;

/** Who is told of what happens. */
@Resolver(() => Webhook)
export class WebhookResolver {
  @Query(() => WebhookConnection, { description: "The project's webhooks, newest first. For ADMIN." })
  webhooks(@Args() page: ForwardArgs, @Ctx() context: GraphContext): Promise<Page<Webhook>> {
    return keysetPage(context, webhooksOf(context), { name: "webhooks", ...NEWEST }, page);
  }

  @Mutation(() => CreateWebhookPayload, {
    description: "Makes a webhook, which is told of what happens from now on. Its secret is in this answer only.",
  })
  createWebhook(
    @Arg("input", () => CreateWebhookInput, { description: "Who is to be told of what." }) input: CreateWebhookInput,
    @Ctx() context: GraphContext,
  ): Promise<object> {
    return payload({ webhook: null, secret: null }, async () => {
      const { id, secret } = await createWebhook(context.deps, context.actor, input);
      return { secret, ...shown(context, id) };
    });
  }

  @Mutation(() => WebhookPayload, {
    description:
      "Changes a webhook. Enabled again it goes on with what is still to be sent, not with what it was not told of.",
  })
  updateWebhook(
    @Arg("input", () => UpdateWebhookInput, { description: "Which, and what of it." }) input: UpdateWebhookInput,
    @Ctx() context: GraphContext,
  ): Promise<object> {
    return payload({ webhook: null }, async () =>
      shown(context, await updateWebhook(context.deps, context.actor, input)),
    );
  }

  @Mutation(() => CreateWebhookPayload, {
    description: "Gives a webhook a new secret. For a day deliveries are signed with the one before, too.",
  })
  rotateWebhookSecret(
    @Arg("input", () => RotateWebhookSecretInput, { description: "Which webhook." }) input: RotateWebhookSecretInput,
    @Ctx() context: GraphContext,
  ): Promise<object> {
    return payload({ webhook: null, secret: null }, async () => {
      const { id, secret } = await rotateSecret(context.deps, context.actor, input.webhookId);
      return { secret, ...shown(context, id) };
    });
  }

  @Mutation(() => DeleteWebhookPayload, { description: "Tells a webhook nothing more; its log goes with it." })
  deleteWebhook(
    @Arg("input", () => DeleteWebhookInput, { description: "Which webhook." }) input: DeleteWebhookInput,
    @Ctx() { deps, actor }: GraphContext,
  ): Promise<object> {
    return payload({ deletedId: null }, async () => ({ deletedId: await deleteWebhook(deps, actor, input.webhookId) }));
  }

  @Mutation(() => RedeliverWebhookPayload, { description: "Sends a delivery once more, under its own id." })
  redeliverWebhook(
    @Arg("input", () => RedeliverWebhookInput, { description: "Which delivery." }) input: RedeliverWebhookInput,
    @Ctx() { deps, actor, loaders }: GraphContext,
  ): Promise<object> {
    return payload({ delivery: null }, async () => {
      const id = await redeliver(deps, actor, input.deliveryId);
      return {
        get delivery() {
          return loaders.delivery.load(id);
        },
      };
    });
  }

  @FieldResolver(() => WebhookDeliveryConnection, { description: "What it was told and is to be told, newest first." })
  deliveries(
    @Root() { id }: Webhook,
    @Args() page: ForwardArgs,
    @Ctx() { db, projectId, loaders }: GraphContext,
  ): Promise<Page<WebhookDelivery>> {
    const query = db
      .getRepository(WebhookDelivery)
      .createQueryBuilder("t")
      .where("t.webhook_id = p.id and t.project_id = :projectId", { projectId });
    const name = "deliveries of a webhook";
    return loaders.pages.load(entityList({ name }, { name, ...NEWEST }, query), id, page);
  }
}

@Resolver(() => WebhookDelivery)
export class WebhookDeliveryResolver {
  @FieldResolver(() => Webhook, { description: "Who is told." })
  webhook(@Root() { webhookId }: WebhookDelivery, @Ctx() { loaders }: GraphContext): Promise<Webhook | null> {
    return loaders.webhook.load(webhookId);
  }

  @FieldResolver(() => Job, { nullable: true, description: "The job that it tells of; null of a collection." })
  job(@Root() { jobId }: WebhookDelivery, @Ctx() { loaders }: GraphContext): Promise<Job | null> | null {
    return jobId === null ? null : loaders.job.load(jobId);
  }

  @FieldResolver(() => [WebhookAttempt], { description: "Every time it was sent, in order." })
  attempts(@Root() { id }: WebhookDelivery, @Ctx() { loaders }: GraphContext): Promise<WebhookAttempt[]> {
    return loaders.attemptsOfDelivery.load(id);
  }
}

function shown({ loaders }: GraphContext, id: string): object {
  return {
    get webhook() {
      return loaders.webhook.load(id);
    },
  };
}

function webhooksOf({ db, projectId }: GraphContext): SelectQueryBuilder<Webhook> {
  return db
    .getRepository(Webhook)
    .createQueryBuilder("t")
    .where("t.project_id = :projectId and t.deleted_at is null", { projectId });
}
