import { Field, Int, ObjectType } from "type-graphql";

@ObjectType({ description: "Condition worth knowing that did not cause a failure." })
export class Warning {
  @Field(() => String, { description: "Code of the warning, in upper case." })
  readonly code!: string;
  @Field(() => String, { description: "Description of what was noticed, and where." })
  readonly message!: string;
  @Field(() => Int, {
    description: "Number of affected pages, pictures, attachments or characters; 1 if a number does not apply.",
  })
  readonly count!: number;
  @Field(() => [Int], {
    description: "Affected pages or slides, from 1, at most 1,000. Empty if none apply.",
  })
  readonly pages!: number[];
}
