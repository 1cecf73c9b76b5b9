import { Field, ID, InputType, Int } from "type-graphql";
import { DEFAULT_MAX_BYTES, DEFAULT_MAX_FILES } from "../../access/browser-keys.js";
import type { BrowserPermission, Role } from "../../lifecycle/roles.js";
import { BrowserPermissionEnum, RoleEnum } from "../../model/enums.js";
import { BigIntScalar, JsonScalar } from "../../model/scalars.js";

const DEFAULT_LIFE_MINUTES = 60;
export const MAX_LIFE_MINUTES = 1_440;
export const MAX_LIFE_DAYS = 36_500;
export const MAX_BROWSER_FILES = 100_000;
export const MAX_BROWSER_BYTES = 1_000_000_000_000;

@InputType({
  description: "What the browser's key is for, exactly one of collectionId and jobId, and what it may do there.",
})
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
  @Field(() => [BrowserPermissionEnum], {
    defaultValue: ["READ"],
    description: "At least one. UPLOAD and SUBMIT are for a collection, and not for a job.",
  })
  readonly permissions!: BrowserPermission[];
  @Field(() => [String], { nullable: true, description: "With SUBMIT, and then at least one: where it may submit to." })
  readonly pipelines?: string[] | null;
  @Field(() => JsonScalar, {
    nullable: true,
    description:
      "With SUBMIT: the options of its jobs, which it can't choose then. They must fit each of the pipelines.",
  })
  readonly options?: unknown;
  @Field(() => Int, {
    nullable: true,
    description: `With UPLOAD: how many uploads it may announce, and how many documents add. 1 to ${MAX_BROWSER_FILES}; ${DEFAULT_MAX_FILES} when absent.`,
  })
  readonly maxFiles?: number | null;
  @Field(() => BigIntScalar, {
    nullable: true,
    description: `With UPLOAD: how many bytes it may send in all. 1 to ${MAX_BROWSER_BYTES}; ${DEFAULT_MAX_BYTES} when absent.`,
  })
  readonly maxBytes?: number | null;
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
