import { Field, ID, InputType } from "type-graphql";
import type { WebhookEvent } from "../../lifecycle/webhook-events.js";
import { WebhookEventEnum } from "../../model/webhook.js";

const URL_TEXT =
  "URL to send events to. Must use https:. A host that is not public must be listed in HEADWAY_WEBHOOK_HOSTS.";

@InputType({ description: "Webhook to create." })
export class CreateWebhookInput {
  @Field(() => String, { description: URL_TEXT })
  readonly url!: string;
  @Field(() => [WebhookEventEnum], { description: "Events to send, at least one." })
  readonly events!: WebhookEvent[];
  @Field(() => [String], {
    nullable: true,
    description: "Send events of jobs of these pipelines only; all pipelines if absent.",
  })
  readonly pipelines?: string[] | null;
  @Field(() => [String], {
    nullable: true,
    description: "Send events of jobs that have all of these tags only; all jobs if absent.",
  })
  readonly tags?: string[] | null;
}

@InputType({ description: "Changes to a webhook. Absent fields are not changed." })
export class UpdateWebhookInput {
  @Field(() => ID, { description: "ID of the webhook." })
  readonly webhookId!: string;
  @Field(() => String, { nullable: true, description: URL_TEXT })
  readonly url?: string | null;
  @Field(() => [WebhookEventEnum], { nullable: true, description: "Events to send, at least one." })
  readonly events?: WebhookEvent[] | null;
  @Field(() => [String], {
    nullable: true,
    description: "Send events of jobs of these pipelines only; null for all pipelines.",
  })
  readonly pipelines?: string[] | null;
  @Field(() => [String], {
    nullable: true,
    description: "Send events of jobs that have all of these tags only; null for all jobs.",
  })
  readonly tags?: string[] | null;
  @Field(() => Boolean, { nullable: true, description: "Whether events are sent." })
  readonly enabled?: boolean | null;
}

@InputType({ description: "Webhook that gets a new secret." })
export class RotateWebhookSecretInput {
  @Field(() => ID, { description: "ID of the webhook." })
  readonly webhookId!: string;
}

@InputType({ description: "Webhook to delete." })
export class DeleteWebhookInput {
  @Field(() => ID, { description: "ID of the webhook." })
  readonly webhookId!: string;
}

@InputType({ description: "Delivery to send again." })
export class RedeliverWebhookInput {
  @Field(() => ID, { description: "ID of the delivery." })
  readonly deliveryId!: string;
}
