import { Field, ID, InputType } from "type-graphql";

@InputType({ description: "Attention item to acknowledge, with a comment." })
export class AcknowledgeInput {
  @Field(() => ID, { description: "ID of the item, from `attention`." })
  readonly itemId!: string;
  @Field(() => String, { description: "Comment for the next person who looks at the item." })
  readonly word!: string;
}
