import { Field, ID, ObjectType } from "type-graphql";

@ObjectType({ description: "A file that is to be sent to its url." })
export class Upload {
  @Field(() => ID, { description: "For DocumentInput.uploadId, once the bytes are there." })
  readonly id!: string;

  @Field(() => Date, {
    description: "Until then its bytes are taken, and documents can be made of it. A document keeps its bytes longer.",
  })
  readonly expiresAt!: Date;
}
