import { Field, ID, ObjectType } from "type-graphql";
import { Document } from "../../model/document.js";
import { UserError } from "../user-error.js";

@ObjectType({ description: "All or nothing; refused with ACTIVE_JOB_EXISTS while a job of the collection is open." })
export class AddDocumentsPayload {
  @Field(() => [Document], { description: "The documents, in the order given; empty where it was refused." })
  readonly documents!: Document[];
  @Field(() => [UserError], { description: "What kept all of them from being added; empty when they were." })
  readonly userErrors!: UserError[];
}

@ObjectType({ description: "All or nothing; refused with ACTIVE_JOB_EXISTS while a job of the collection is open." })
export class RemoveDocumentsPayload {
  @Field(() => [ID], { description: "The ids that are gone, in the order given; empty where it was refused." })
  readonly removedIds!: string[];
  @Field(() => [UserError], { description: "What kept all of them from being removed; empty when they were." })
  readonly userErrors!: UserError[];
}
