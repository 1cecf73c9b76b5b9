import { Field, ID, InputType } from "type-graphql";

@InputType({ description: "Which state is known, and what is to be said to it." })
export class AcknowledgeInput {
  @Field(() => ID, { description: "Its id, as `attention` tells it." })
  readonly itemId!: string;
  @Field(() => String, { description: "For those who look at it next." })
  readonly word!: string;
}
