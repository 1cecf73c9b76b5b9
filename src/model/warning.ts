import { Field, Int, ObjectType } from "type-graphql";

@ObjectType({ description: "Something worth knowing that did not fail anything." })
export class Warning {
  @Field(() => String, { description: "Which kind, in upper-case words." })
  readonly code!: string;
  @Field(() => String, { description: "What was noticed, and where." })
  readonly message!: string;
  @Field(() => Int, {
    description: "Of how many it is true: pages, pictures, attachments, characters; 1 where that says nothing.",
  })
  readonly count!: number;
  @Field(() => [Int], {
    description: "The pages or slides it is about, from 1, at most 1,000 of them; empty where it is about none.",
  })
  readonly pages!: number[];
}
