import { Field, ObjectType } from "type-graphql";
import { AttentionItem } from "../../model/attention.js";
import { UserError } from "../user-error.js";

@ObjectType({ description: "What came of acknowledge." })
export class AcknowledgePayload {
  @Field(() => AttentionItem, {
    nullable: true,
    description: "The state with what was said; null where it was refused.",
  })
  readonly item!: AttentionItem | null;
  @Field(() => [UserError], { description: "What was wrong; empty when it was kept." })
  readonly userErrors!: UserError[];
}
