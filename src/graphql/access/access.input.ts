import { Field, ID, InputType, Int } from "type-graphql";

const DEFAULT_LIFE_MINUTES = 60;
export const MAX_LIFE_MINUTES = 1_440;

@InputType({ description: "What the browser is to see: exactly one of collectionId and jobId." })
export class CreateBrowserKeyInput {
  @Field(() => ID, { nullable: true, description: "The collection, with all of its jobs." })
  readonly collectionId?: string | null;
  @Field(() => ID, {
    nullable: true,
    description: "The job, with its collection and documents, but without the other jobs and the collection's history.",
  })
  readonly jobId?: string | null;
  @Field(() => Int, { defaultValue: DEFAULT_LIFE_MINUTES, description: `1 to ${MAX_LIFE_MINUTES}.` })
  readonly expiresInMinutes!: number;
}
