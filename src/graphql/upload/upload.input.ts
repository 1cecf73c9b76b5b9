import { Field, ID, InputType } from "type-graphql";
import { BigIntScalar } from "../../model/scalars.js";

@InputType({ description: "A file that is about to be sent." })
export class UploadFileInput {
  @Field(() => String, { description: "For messages about it; the document gets its own. 1 to 500 characters." })
  readonly name!: string;
  @Field(() => String, { nullable: true, description: "A claim; it is the document's where that makes none." })
  readonly mediaType?: string | null;
  @Field(() => BigIntScalar, { description: "Exactly; at most HEADWAY_MAX_DOCUMENT_BYTES." })
  readonly sizeBytes!: number;
  @Field(() => String, { nullable: true, description: "In hex; where it is given, other bytes are refused." })
  readonly sha256?: string | null;
}

@InputType({ description: "Files that are about to be sent." })
export class CreateUploadsInput {
  @Field(() => [UploadFileInput], { description: "1 to 1,000." })
  readonly files!: UploadFileInput[];
  @Field(() => ID, {
    nullable: true,
    description:
      "The one collection whose documents they may become; any when absent, and of a browser's key always its own.",
  })
  readonly collectionId?: string | null;
}
