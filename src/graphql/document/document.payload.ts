import { Field, ID, ObjectType } from "type-graphql";
import { Document } from "../../model/document.js";
import { UserError } from "../user-error.js";

@ObjectType({ description: "Result of `addDocuments`. All documents are added, or none." })
export class AddDocumentsPayload {
  @Field(() => [Document], { description: "The documents, in the order given; empty on failure." })
  readonly documents!: Document[];
  @Field(() => [UserError], { description: "Why the request failed; empty on success." })
  readonly userErrors!: UserError[];
}

@ObjectType({ description: "Result of `removeDocuments`. All documents are removed, or none." })
export class RemoveDocumentsPayload {
  @Field(() => [ID], { description: "IDs of the removed documents, in the order given; empty on failure." })
  readonly removedIds!: string[];
  @Field(() => [UserError], { description: "Why the request failed; empty on success." })
  readonly userErrors!: UserError[];
}
