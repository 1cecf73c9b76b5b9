import { Field, ID, ObjectType } from "type-graphql";

@ObjectType({ description: "Upload of one file." })
export class Upload {
  @Field(() => ID, { description: "ID for `DocumentInput.uploadId`, once all bytes have arrived." })
  readonly id!: string;

  @Field(() => Date, {
    description:
      "Time until which bytes are accepted and documents can be added. Documents keep their content after that.",
  })
  readonly expiresAt!: Date;
}
