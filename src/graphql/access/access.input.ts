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
  description: "Scope and permissions of a browser key. Give exactly one of `collectionId` and `jobId`.",
})
export class CreateBrowserKeyInput {
  @Field(() => ID, { nullable: true, description: "Collection that the key can access, with all its jobs." })
  readonly collectionId?: string | null;
  @Field(() => ID, {
    nullable: true,
    description:
      "Job that the key can access, with its collection and documents, but without other jobs and the collection's history.",
  })
  readonly jobId?: string | null;
  @Field(() => Int, {
    defaultValue: DEFAULT_LIFE_MINUTES,
    description: `Lifetime in minutes, 1 to ${MAX_LIFE_MINUTES}.`,
  })
  readonly expiresInMinutes!: number;
  @Field(() => [BrowserPermissionEnum], {
    defaultValue: ["READ"],
    description: "Permissions, at least one. UPLOAD and SUBMIT require `collectionId`.",
  })
  readonly permissions!: BrowserPermission[];
  @Field(() => [String], {
    nullable: true,
    description: "Pipelines that the key may submit to. Required with SUBMIT, at least one; not allowed without it.",
  })
  readonly pipelines?: string[] | null;
  @Field(() => JsonScalar, {
    nullable: true,
    description:
      "With SUBMIT: fixed options for every job of the key, valid for each of the pipelines. The browser cannot change them.",
  })
  readonly options?: unknown;
  @Field(() => Int, {
    nullable: true,
    description: `With UPLOAD: maximum number of uploads, and of documents to add, 1 to ${MAX_BROWSER_FILES}. Default: ${DEFAULT_MAX_FILES}.`,
  })
  readonly maxFiles?: number | null;
  @Field(() => BigIntScalar, {
    nullable: true,
    description: `With UPLOAD: maximum total size in bytes, 1 to ${MAX_BROWSER_BYTES}. Default: ${DEFAULT_MAX_BYTES}.`,
  })
  readonly maxBytes?: number | null;
}

@InputType({ description: "New key for a service or a person." })
export class CreateKeyInput {
  @Field(() => String, {
    description: "Name, 1 to 500 characters. Recorded as the actor of every change made with the key.",
  })
  readonly name!: string;
  @Field(() => RoleEnum, { description: "Role of the key." })
  readonly role!: Role;
  @Field(() => Int, {
    nullable: true,
    description: `Lifetime in days, 1 to ${MAX_LIFE_DAYS}. The key never expires if absent.`,
  })
  readonly expiresInDays?: number | null;
}

@InputType({ description: "Key to revoke." })
export class RevokeKeyInput {
  @Field(() => ID, { description: "ID of the key, from `keys`." })
  readonly keyId!: string;
}
