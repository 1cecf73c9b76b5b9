import { Field, ID, InputType, Int } from "type-graphql";
import type { Role } from "../../lifecycle/roles.js";
import { RoleEnum } from "../../model/enums.js";

const DEFAULT_LIFE_MINUTES = 60;
export const MAX_LIFE_MINUTES = 1_440;
export const MAX_LIFE_DAYS = 36_500;

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

@InputType({ description: "A key for a service or a person." })
export class CreateKeyInput {
  @Field(() => String, { description: "1 to 500 characters: the actor of every change made with it." })
  readonly name!: string;
  @Field(() => RoleEnum, { description: "What it may do." })
  readonly role!: Role;
  @Field(() => Int, { nullable: true, description: `1 to ${MAX_LIFE_DAYS}; without an end when absent.` })
  readonly expiresInDays?: number | null;
}

@InputType({ description: "A key that is to end." })
export class RevokeKeyInput {
  @Field(() => ID, { description: "Its id, as `keys` tells it." })
  readonly keyId!: string;
}
