import { Field, ObjectType } from "type-graphql";
import { AttentionItem } from "../../model/attention.js";
import { UserError } from "../user-error.js";

@ObjectType({ description: "Result of `acknowledge`." })
export class AcknowledgePayload {
  @Field(() => AttentionItem, {
    nullable: true,
    description: "The acknowledged item; null on failure.",
  })
  readonly item!: AttentionItem | null;
  @Field(() => [UserError], { description: "Why the request failed; empty on success." })
  readonly userErrors!: UserError[];
}
