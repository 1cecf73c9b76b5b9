import {
  getNamedType,
  getOperationAST,
  isInterfaceType,
  isObjectType,
  Kind,
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLField,
  type GraphQLSchema,
  type SelectionSetNode,
} from "graphql";
import { fragmentsOf } from "./overlaps.js";

const DEFAULT_PAGE = 50;
/** Of no list more are taken: of doctor's, the longest. */
const MAX_ROWS = 1_000;
/**
 * Fields that cost as much as so many rows of a page, each time. A search compares the query with up to 50,000 vectors;
 * waitingOn looks at up to 10,000 tasks that are taken before; stageCounts counts all open work, and pipelines looks at each
 * stage of an open job.
 */
const COSTS: Readonly<Record<string, number>> = {
  "Query.search": 5_000,
  "Query.doctor": 1_000,
  "Query.pipelines": 1_000,
  "Query.stageCounts": 1_000,
  "Query.jobCounts": 100,
  "Query.attention": 200,
  "Query.statistics": 1_000,
  "Job.eta": 20,
  "Job.timeline": 100,
  "Job.errorGroups": 20,
  "Job.waitingOn": 20,
  "Task.waitingOn": 20,
};

function defaultsOf(
  definitions: NonNullable<ReturnType<typeof getOperationAST>>["variableDefinitions"],
): Record<string, unknown> {
  const given = (definitions ?? []).filter(({ defaultValue }) => defaultValue?.kind === Kind.INT);
  return Object.fromEntries(
    given.map(({ variable, defaultValue }) => [variable.name.value, Number((defaultValue as { value: string }).value)]),
  );
}

/** What a field adds to the rows that a request could read, over all things that it is asked of. */
export interface Weight {
  /** From the root on, by names and not by aliases, such as "collections.nodes.jobs". */
  readonly field: string;
  readonly rows: number;
}

/** How much a selection asks for. */
export interface Size {
  readonly depth: number;
  /** Below one of the things that the selection is made on. */
  readonly nodes: number;
  /** Of texts that are asked for with a limit. */
  readonly characters: number;
  /** What adds most to `nodes`, the largest first. */
  readonly weights: readonly Weight[];
}
const NOTHING: Size = { depth: 0, nodes: 0, characters: 0, weights: [] };

/** So many of the weights are told. */
const MAX_WEIGHTS = 5;

function heaviest(weights: readonly Weight[]): readonly Weight[] {
  if (weights.length <= 1) return weights;
  return [...weights].sort((a, b) => b.rows - a.rows).slice(0, MAX_WEIGHTS);
}

/** Which operation of a document, and with what. */
export interface Asked {
  readonly operationName?: string | null | undefined;
  readonly variables?: Readonly<Record<string, unknown>> | null | undefined;
}

/** The measure of an operation with these variables, and its size; null where the document has none of that name. */
export function measureOf(
  schema: GraphQLSchema,
  document: DocumentNode,
  { operationName, variables }: Asked,
): { readonly size: Size; readonly circle: string | null } | null {
  const operation = getOperationAST(document, operationName);
  const root = operation && schema.getRootType(operation.operation);
  if (!operation || !root) return null; // Whoever executes it says what is wrong with it.
  const given = { ...defaultsOf(operation.variableDefinitions), ...variables };
  const measure = new Measure(schema, fragmentsOf(document), given);
  const circle = measure.circle();
  return { size: circle === null ? measure.of(operation.selectionSet, root.name) : NOTHING, circle };
}

/** How deep and how large selections are, each fragment measured once for each type that it is used on. */
class Measure {
  readonly #schema: GraphQLSchema;
  readonly #variables: Readonly<Record<string, unknown>>;
  readonly #fragments: ReadonlyMap<string, FragmentDefinitionNode>;
  readonly #known = new Map<string, Size>();
  readonly #open = new Set<string>();
  #circle: string | null = null;

  constructor(
    schema: GraphQLSchema,
    fragments: ReadonlyMap<string, FragmentDefinitionNode>,
    variables: Readonly<Record<string, unknown>>,
  ) {
    this.#schema = schema;
    this.#variables = variables;
    this.#fragments = fragments;
  }

  /** A fragment that comes back to itself; null where there is none. */
  circle(): string | null {
    for (const name of this.#fragments.keys()) this.#fragment(name);
    return this.#circle;
  }

  of({ selections }: SelectionSetNode, typeName: string): Size {
    let [depth, nodes, characters] = [0, 0, 0];
    const weights: Weight[] = [];
    for (const selection of selections) {
      const size =
        selection.kind === Kind.FIELD
          ? this.#field(selection, typeName)
          : selection.kind === Kind.INLINE_FRAGMENT
            ? this.of(selection.selectionSet, selection.typeCondition?.name.value ?? typeName)
            : this.#fragment(selection.name.value);
      depth = Math.max(depth, size.depth);
      nodes += size.nodes;
      characters += size.characters;
      weights.push(...size.weights);
    }
    return { depth, nodes, characters, weights: heaviest(weights) };
  }

  #fragment(name: string): Size {
    const known = this.#known.get(name);
    if (known) return known;
    const fragment = this.#fragments.get(name);
    if (!fragment) return NOTHING;
    if (this.#open.has(name)) {
      this.#circle ??= name;
      return NOTHING;
    }
    this.#open.add(name);
    const size = this.of(fragment.selectionSet, fragment.typeCondition.name.value);
    this.#open.delete(name);
    this.#known.set(name, size);
    return size;
  }

  #field(node: FieldNode, typeName: string): Size {
    const name = node.name.value;
    if (name.startsWith("__")) return NOTHING;
    const type = this.#schema.getType(typeName);
    const field = isObjectType(type) || isInterfaceType(type) ? type.getFields()[name] : undefined;
    const cost = COSTS[`${typeName}.${name}`] ?? 0;
    if (!node.selectionSet) {
      const characters = field ? this.#characters(node, field) : 0;
      return { depth: 1, nodes: cost, characters, weights: cost === 0 ? [] : [{ field: name, rows: cost }] };
    }
    const below = this.of(node.selectionSet, field ? getNamedType(field.type).name : "");
    const rows = field ? this.#pageSize(node, field) : null;
    const own = cost + (rows ?? 0);
    const inner = below.weights.map((one) => ({ field: `${name}.${one.field}`, rows: (rows ?? 1) * one.rows }));
    return {
      depth: below.depth + 1,
      nodes: cost + (rows === null ? below.nodes : rows * (1 + below.nodes)),
      characters: (rows ?? 1) * below.characters,
      weights: heaviest(own === 0 ? inner : [{ field: name, rows: own }, ...inner]),
    };
  }

  /** Null where the field is no page. What is out of range is refused by the field itself. */
  #pageSize(node: FieldNode, field: GraphQLField<unknown, unknown>): number | null {
    const first = field.args.find(({ name }) => name === "first");
    if (first === undefined) return null;
    const size = this.#given(node, "last") ?? this.#given(node, "first") ?? first.defaultValue ?? DEFAULT_PAGE;
    return Math.min(MAX_ROWS, Math.max(0, size as number));
  }

  /** How many characters the field may answer with, where the request says so: most texts are shorter than the default. */
  #characters(node: FieldNode, field: GraphQLField<unknown, unknown>): number {
    if (!field.args.some(({ name }) => name === "limit")) return 0;
    return Math.max(0, this.#given(node, "limit") ?? 0);
  }

  #given(node: FieldNode, name: string): number | undefined {
    const value = node.arguments?.find((argument) => argument.name.value === name)?.value;
    if (value?.kind === Kind.INT) return Number(value.value);
    const given = value?.kind === Kind.VARIABLE ? this.#variables[value.name.value] : undefined;
    return typeof given === "number" ? given : undefined;
  }
}
