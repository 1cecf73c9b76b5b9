import { Field, ID, InputType } from "type-graphql";
import type { WebhookEvent } from "../../lifecycle/webhook-events.js";
import { WebhookEventEnum } from "../../model/webhook.js";

const URL_TEXT = "An https: URL. A host that is not public must be in HEADWAY_WEBHOOK_HOSTS.";

@InputType({ description: "Who is to be told of what." })
export class CreateWebhookInput {
  @Field(() => String, { description: URL_TEXT })
  readonly url!: string;
  @Field(() => [WebhookEventEnum], { description: "What it is told of; at least one." })
  readonly events!: WebhookEvent[];
  @Field(() => [String], { nullable: true, description: "Only jobs of one of these pipelines; all when absent." })
  readonly pipelines?: string[] | null;
  @Field(() => [String], { nullable: true, description: "Only jobs that have all of these tags; all when absent." })
  readonly tags?: string[] | null;
}

@InputType({ description: "What is to change of a webhook; what is absent stays." })
export class UpdateWebhookInput {
  @Field(() => ID, { description: "Which webhook." })
  readonly webhookId!: string;
  @Field(() => String, { nullable: true, description: URL_TEXT })
  readonly url?: string | null;
  @Field(() => [WebhookEventEnum], { nullable: true, description: "What it is told of; at least one." })
  readonly events?: WebhookEvent[] | null;
  @Field(() => [String], { nullable: true, description: "Only jobs of one of these pipelines; null for all." })
  readonly pipelines?: string[] | null;
  @Field(() => [String], { nullable: true, description: "Only jobs that have all of these tags; null for all." })
  readonly tags?: string[] | null;
  @Field(() => Boolean, { nullable: true, description: "Whether it is told anything." })
  readonly enabled?: boolean | null;
}

@InputType({ description: "Which webhook gets a new secret." })
export class RotateWebhookSecretInput {
  @Field(() => ID, { description: "Its id." })
  readonly webhookId!: string;
}

@InputType({ description: "Which webhook is to go." })
export class DeleteWebhookInput {
  @Field(() => ID, { description: "Its id." })
  readonly webhookId!: string;
}

@InputType({ description: "What is to be sent once more." })
export class RedeliverWebhookInput {
  @Field(() => ID, { description: "The id of a delivery." })
  readonly deliveryId!: string;
}
