import { GraphQLError, Kind, parse } from "graphql";

/** One operation of a text. */
export interface Operation {
  /** Empty where it has none. */
  readonly name: string;
  readonly kind: "query" | "mutation" | "subscription";
  /** Whether it takes a cursor as `$after`: a subscription that breaks then goes on behind the last one. */
  readonly takesAfter: boolean;
}

/** The operations of a text in their order, or what keeps it from being read. */
export function operationsIn(text: string): {
  readonly operations: readonly Operation[];
  readonly fault: string | null;
} {
  try {
    const operations = parse(text, { noLocation: true }).definitions.flatMap((definition) =>
      definition.kind === Kind.OPERATION_DEFINITION
        ? [
            {
              name: definition.name?.value ?? "",
              kind: definition.operation,
              takesAfter: (definition.variableDefinitions ?? []).some(
                ({ variable }) => variable.name.value === "after",
              ),
            },
          ]
        : [],
    );
    return { operations, fault: operations.length === 0 ? "The editor has no operation. Write one first." : null };
  } catch (error) {
    const at = error instanceof GraphQLError ? error.locations?.[0] : undefined;
    const where = at ? `Line ${at.line}, column ${at.column}: ` : "";
    return { operations: [], fault: `${where}${error instanceof Error ? error.message : String(error)}` };
  }
}

/** The variables of a text, or what keeps it from being read. Nothing at all is no variables. */
export function variablesIn(text: string): {
  readonly variables: Record<string, unknown>;
  readonly fault: string | null;
} {
  if (text.trim() === "") return { variables: {}, fault: null };
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) {
      return { variables: value as Record<string, unknown>, fault: null };
    }
    return { variables: {}, fault: 'Variables must be a JSON object, such as { "id": "…" }.' };
  } catch (error) {
    return { variables: {}, fault: `The variables are not valid JSON: ${(error as Error).message}.` };
  }
}
