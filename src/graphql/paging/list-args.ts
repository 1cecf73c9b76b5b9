import type { GraphQLResolveInfo } from "graphql";
import { ArgsType, Field, Int } from "type-graphql";
import type { PageRequest } from "./page.js";

const AFTER = "Return items after this cursor, which must come from the same list.";
const BEFORE = "Return items before this cursor, which must come from the same list.";

/** The arguments of lists that run forwards only. */
@ArgsType()
export class ForwardArgs {
  @Field(() => Int, { nullable: true, defaultValue: 50, description: "Maximum number of items, 0 to 100." })
  readonly first!: number | null;
  @Field(() => String, { nullable: true, description: AFTER })
  readonly after?: string | null;
}

/** The arguments of lists that run both ways. */
@ArgsType()
export class PageArgs {
  @Field(() => Int, {
    nullable: true,
    description: "Number of items from the start, 0 to 100. Default: 50 unless `last` is given.",
  })
  readonly first?: number | null;
  @Field(() => String, { nullable: true, description: AFTER })
  readonly after?: string | null;
  @Field(() => Int, {
    nullable: true,
    description: "Number of items from the end, 0 to 100. Cannot be combined with `first`.",
  })
  readonly last?: number | null;
  @Field(() => String, { nullable: true, description: BEFORE })
  readonly before?: string | null;
}

/** As PageArgs, where the schema says what an absent `first` means. */
@ArgsType()
export class ListArgs {
  @Field(() => Int, {
    nullable: true,
    defaultValue: 50,
    description:
      "Number of items from the start, 0 to 100. Cannot be combined with `last`; the default does not apply if `last` is given.",
  })
  readonly first!: number | null;
  @Field(() => String, { nullable: true, description: AFTER })
  readonly after?: string | null;
  @Field(() => Int, { nullable: true, description: "Number of items from the end, 0 to 100." })
  readonly last?: number | null;
  @Field(() => String, { nullable: true, description: BEFORE })
  readonly before?: string | null;
}

/** The page that was asked for: a `first` that is there by default alone gives way to a `last`. */
export function requestOf({ first, after, last, before }: ListArgs, info: GraphQLResolveInfo): PageRequest {
  const isDefault = typeof last === "number" && !isGiven("first", info);
  return { first: isDefault ? null : first, after: after ?? null, last: last ?? null, before: before ?? null };
}

/** Whether the request itself gives the argument: written out, or by a variable that has a value. */
function isGiven(name: string, { fieldNodes, variableValues }: GraphQLResolveInfo): boolean {
  const value = fieldNodes[0]?.arguments?.find((argument) => argument.name.value === name)?.value;
  if (value === undefined) return false;
  return value.kind !== "Variable" || Object.hasOwn(variableValues, value.name.value);
}
