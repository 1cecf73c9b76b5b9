import { Field, ID, ObjectType } from "type-graphql";
import { Webhook, WebhookDelivery } from "../../model/webhook.js";
import { UserError } from "../user-error.js";

const WEBHOOK = "The webhook after the change; null on failure.";

@ObjectType({ description: "Result of `createWebhook` and `rotateWebhookSecret`." })
export class CreateWebhookPayload {
  @Field(() => Webhook, { nullable: true, description: WEBHOOK })
  readonly webhook!: Webhook | null;
  @Field(() => String, {
    nullable: true,
    description: "Secret for verifying deliveries, shown only here; null on failure.",
  })
  readonly secret!: string | null;
  @Field(() => [UserError], { description: "Why the request failed; empty on success." })
  readonly userErrors!: UserError[];
}

@ObjectType({ description: "Result of `updateWebhook`." })
export class WebhookPayload {
  @Field(() => Webhook, { nullable: true, description: WEBHOOK })
  readonly webhook!: Webhook | null;
  @Field(() => [UserError], { description: "Why the request failed; empty on success." })
  readonly userErrors!: UserError[];
}

@ObjectType({ description: "Result of `deleteWebhook`." })
export class DeleteWebhookPayload {
  @Field(() => ID, { nullable: true, description: "ID of the deleted webhook; null on failure." })
  readonly deletedId!: string | null;
  @Field(() => [UserError], { description: "Why the request failed; empty on success." })
  readonly userErrors!: UserError[];
}

@ObjectType({ description: "Result of `redeliverWebhook`." })
export class RedeliverWebhookPayload {
  @Field(() => WebhookDelivery, { nullable: true, description: "The delivery, due now; null on failure." })
  readonly delivery!: WebhookDelivery | null;
  @Field(() => [UserError], { description: "Why the request failed; empty on success." })
  readonly userErrors!: UserError[];
}
