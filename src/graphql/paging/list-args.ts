import type { GraphQLResolveInfo } from "graphql";
import { ArgsType, Field, Int } from "type-graphql";
import type { PageRequest } from "./page.js";

const AFTER = "Only what comes behind this cursor, which is one of the list's own.";
const BEFORE = "Only what comes before this cursor, which is one of the list's own.";

/** The arguments of lists that run forwards only. */
@ArgsType()
export class ForwardArgs {
  @Field(() => Int, { nullable: true, defaultValue: 50, description: "How many at most, 0 to 100." })
  readonly first!: number | null;
  @Field(() => String, { nullable: true, description: AFTER })
  readonly after?: string | null;
}

/** The arguments of lists that run both ways. */
@ArgsType()
export class PageArgs {
  @Field(() => Int, {
    nullable: true,
    description: "How many from the beginning, 0 to 100; 50 when last is absent too.",
  })
  readonly first?: number | null;
  @Field(() => String, { nullable: true, description: AFTER })
  readonly after?: string | null;
  @Field(() => Int, { nullable: true, description: "How many from the end, 0 to 100; not together with first." })
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
    description: "How many from the beginning, 0 to 100; not together with last, which puts the default aside.",
  })
  readonly first!: number | null;
  @Field(() => String, { nullable: true, description: AFTER })
  readonly after?: string | null;
  @Field(() => Int, { nullable: true, description: "How many from the end, 0 to 100." })
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
