import { Field, ID, ObjectType } from "type-graphql";
import { Webhook, WebhookDelivery } from "../../model/webhook.js";
import { UserError } from "../user-error.js";

const WEBHOOK = "The webhook as it stands now; null where it was refused.";

@ObjectType({ description: "A webhook with its new secret." })
export class CreateWebhookPayload {
  @Field(() => Webhook, { nullable: true, description: WEBHOOK })
  readonly webhook!: Webhook | null;
  @Field(() => String, { nullable: true, description: "By which deliveries are checked; shown this once." })
  readonly secret!: string | null;
  @Field(() => [UserError], { description: "What was wrong; empty when it was made." })
  readonly userErrors!: UserError[];
}

@ObjectType({ description: "What came of updateWebhook." })
export class WebhookPayload {
  @Field(() => Webhook, { nullable: true, description: WEBHOOK })
  readonly webhook!: Webhook | null;
  @Field(() => [UserError], { description: "What was wrong; empty when it was changed." })
  readonly userErrors!: UserError[];
}

@ObjectType({ description: "What came of deleteWebhook." })
export class DeleteWebhookPayload {
  @Field(() => ID, { nullable: true, description: "The webhook that is gone; null where it was refused." })
  readonly deletedId!: string | null;
  @Field(() => [UserError], { description: "What was wrong; empty when it was deleted." })
  readonly userErrors!: UserError[];
}

@ObjectType({ description: "What came of redeliverWebhook." })
export class RedeliverWebhookPayload {
  @Field(() => WebhookDelivery, { nullable: true, description: "The delivery, due now; null where it was refused." })
  readonly delivery!: WebhookDelivery | null;
  @Field(() => [UserError], { description: "What was wrong; empty when it is sent again." })
  readonly userErrors!: UserError[];
}
