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
  @Query(() => WebhookConnection, { description: "Webhooks of the project, newest first. Requires ADMIN." })
  webhooks(@Args() page: ForwardArgs, @Ctx() context: GraphContext): Promise<Page<Webhook>> {
    return keysetPage(context, webhooksOf(context), { name: "webhooks", ...NEWEST }, page);
  }

  @Mutation(() => CreateWebhookPayload, {
    description:
      "Creates a webhook for events from now on. The secret is returned only here. Requires ADMIN. Errors: INVALID_INPUT, URI_REFUSED, LIMIT_EXCEEDED.",
  })
  createWebhook(
    @Arg("input", () => CreateWebhookInput, { description: "Webhook to create." }) input: CreateWebhookInput,
    @Ctx() context: GraphContext,
  ): Promise<object> {
    return payload({ webhook: null, secret: null }, async () => {
      const { id, secret } = await createWebhook(context.deps, context.actor, input);
      return { secret, ...shown(context, id) };
    });
  }

  @Mutation(() => WebhookPayload, {
    description:
      "Changes a webhook. When it is enabled again, pending deliveries are sent; events that happened while it was disabled are not. Requires ADMIN. Errors: NOT_FOUND, INVALID_INPUT, URI_REFUSED.",
  })
  updateWebhook(
    @Arg("input", () => UpdateWebhookInput, { description: "The webhook and the new values." })
    input: UpdateWebhookInput,
    @Ctx() context: GraphContext,
  ): Promise<object> {
    return payload({ webhook: null }, async () =>
      shown(context, await updateWebhook(context.deps, context.actor, input)),
    );
  }

  @Mutation(() => CreateWebhookPayload, {
    description:
      "Replaces the secret of a webhook. For one day, deliveries are signed with both the old and the new secret. Requires ADMIN. Errors: NOT_FOUND.",
  })
  rotateWebhookSecret(
    @Arg("input", () => RotateWebhookSecretInput, { description: "ID of the webhook." })
    input: RotateWebhookSecretInput,
    @Ctx() context: GraphContext,
  ): Promise<object> {
    return payload({ webhook: null, secret: null }, async () => {
      const { id, secret } = await rotateSecret(context.deps, context.actor, input.webhookId);
      return { secret, ...shown(context, id) };
    });
  }

  @Mutation(() => DeleteWebhookPayload, {
    description: "Deletes a webhook and its delivery log. Requires ADMIN. Errors: NOT_FOUND.",
  })
  deleteWebhook(
    @Arg("input", () => DeleteWebhookInput, { description: "ID of the webhook." }) input: DeleteWebhookInput,
    @Ctx() { deps, actor }: GraphContext,
  ): Promise<object> {
    return payload({ deletedId: null }, async () => ({ deletedId: await deleteWebhook(deps, actor, input.webhookId) }));
  }

  @Mutation(() => RedeliverWebhookPayload, {
    description: "Sends a delivery again, with the same ID. Requires ADMIN. Errors: NOT_FOUND, INVALID_INPUT.",
  })
  redeliverWebhook(
    @Arg("input", () => RedeliverWebhookInput, { description: "Delivery to send again." }) input: RedeliverWebhookInput,
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

  @FieldResolver(() => WebhookDeliveryConnection, { description: "Deliveries, sent and pending, newest first." })
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
  @FieldResolver(() => Webhook, { description: "Webhook that receives the delivery." })
  webhook(@Root() { webhookId }: WebhookDelivery, @Ctx() { loaders }: GraphContext): Promise<Webhook | null> {
    return loaders.webhook.load(webhookId);
  }

  @FieldResolver(() => Job, {
    nullable: true,
    description: "Job that the event is about; null for a collection event.",
  })
  job(@Root() { jobId }: WebhookDelivery, @Ctx() { loaders }: GraphContext): Promise<Job | null> | null {
    return jobId === null ? null : loaders.job.load(jobId);
  }

  @FieldResolver(() => [WebhookAttempt], { description: "Attempts to send the delivery, in order." })
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
