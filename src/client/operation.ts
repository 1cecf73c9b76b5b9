/**
 * The text of an operation of GraphQL, with the types of what it takes and gives. Those of graphql-codegen with
 * `documentMode: "string"` are such as well.
 */
export interface Operation<Data, Variables> {
  toString(): string;
  readonly __apiType?: (variables: Variables) => Data;
}
