import {
  getNamedType,
  getOperationAST,
  GraphQLError,
  isInterfaceType,
  isObjectType,
  Kind,
  parse,
  visit,
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLField,
  type GraphQLSchema,
  type SelectionSetNode,
} from "graphql";
import { MAX_RESPONSE_BYTES, tooLarge } from "./budget.js";
import { fragmentsOf, overlapsOf } from "./overlaps.js";

/** What a request may ask for at most. */
export const LIMITS = {
  /** Levels of fields below the operation; introspection apart, which validation bounds by itself. */
  depth: 12,
  aliases: 30,
  directives: 50,
  tokens: 2_000,
  /** Rows that all pages together could hold: the product of the page sizes, added up; and what costs as much. */
  nodes: 50_000,
  /** Validation compares each fragment with each, and each field with all of its name in its place: 490 took it 0.4 s. */
  fragments: 50,
  overlaps: 2_000,
} as const;

const DEFAULT_PAGE = 50;
/** Of no list more are taken: of doctor's, the longest. */
const MAX_ROWS = 1_000;
/**
 * Fields that cost as much as so many rows of a page, each time. A search compares the query with up to 50,000 vectors;
 * waitingOn looks at up to 10,000 tasks that are taken before; pipelines and stageCounts count all open work.
 */
const COSTS: Readonly<Record<string, number>> = {
  "Query.search": 5_000,
  "Query.doctor": 1_000,
  "Query.pipelines": 1_000,
  "Query.stageCounts": 1_000,
  "Job.waitingOn": 20,
  "Task.waitingOn": 20,
};

/** A request as it came in, of either transport. */
export interface GraphRequest {
  readonly query: string;
  readonly operationName?: string | null | undefined;
  readonly variables?: Readonly<Record<string, unknown>> | null | undefined;
}

/**
 * Why a request is too much, before it is validated: what is refused here costs no more than to read its 2,000 tokens.
 * Both transports ask this first. Returns the document for what comes after; what is no GraphQL at all is refused too.
 */
export function limitRequest(
  schema: GraphQLSchema,
  request: GraphRequest,
  maxResponseBytes = MAX_RESPONSE_BYTES,
): DocumentNode | readonly GraphQLError[] {
  let document: DocumentNode;
  try {
    document = parsed(request.query);
  } catch (error) {
    return [coded(error instanceof GraphQLError ? error.message : String(error), "GRAPHQL_PARSE_FAILED", error)];
  }
  const { aliases, directives } = countOf(document);
  if (aliases > LIMITS.aliases) return [tooMuch(`has ${aliases} aliases`, LIMITS.aliases, "send several requests")];
  if (directives > LIMITS.directives)
    return [tooMuch(`has ${directives} directives`, LIMITS.directives, "leave some out")];
  const fragments = fragmentsOf(document);
  if (fragments.size > LIMITS.fragments) {
    return [tooMuch(`has ${fragments.size} fragments`, LIMITS.fragments, "spread fewer")];
  }
  const operation = getOperationAST(document, request.operationName);
  const root = operation && schema.getRootType(operation.operation);
  if (!operation || !root) return document; // Whoever executes it says what is wrong with it.
  const variables = { ...defaultsOf(operation.variableDefinitions), ...request.variables };
  const measure = new Measure(schema, fragments, variables);
  const circle = measure.circle();
  if (circle !== null) return [coded(`Cannot spread fragment "${circle}" within itself.`, "GRAPHQL_VALIDATION_FAILED")];
  const { depth, nodes, characters } = measure.of(operation.selectionSet, root.name);
  if (depth > LIMITS.depth)
    return [tooMuch(`is ${depth} levels deep`, LIMITS.depth, "ask for what is below by its id")];
  if (overlapsOf(document, LIMITS.overlaps) > LIMITS.overlaps) {
    return [
      tooMuch("selects the same fields in the same place too often", LIMITS.overlaps, "select each of them once"),
    ];
  }
  if (nodes > LIMITS.nodes) {
    const instead = "ask for smaller pages; a search, doctor and waitingOn cost as much as many rows";
    return [tooMuch(`asks for up to ${nodes} rows`, LIMITS.nodes, instead)];
  }
  if (characters > maxResponseBytes) {
    const originalError = tooLarge(
      `The request asks for up to ${characters} characters of text, and an answer has at most ${maxResponseBytes} bytes`,
    );
    return [new GraphQLError(originalError.message, { originalError })];
  }
  return document;
}

/** Of thousands of subscribers most send the same text: each kept 8 KB of a document of its own. */
const KEPT_DOCUMENTS = 200;
const KEPT_CHARACTERS = 4_000;
const documents = new Map<string, DocumentNode>();

/** The document of a query, the same one as long as it is among the latest. @throws {GraphQLError} when it is no GraphQL */
function parsed(query: string): DocumentNode {
  const known = documents.get(query);
  const document = known ?? parse(query, { maxTokens: LIMITS.tokens });
  if (query.length > KEPT_CHARACTERS) return document;
  // Behind all others: the first is the one that has not been asked for the longest.
  documents.delete(query);
  documents.set(query, document);
  if (documents.size > KEPT_DOCUMENTS) documents.delete(documents.keys().next().value!);
  return document;
}

function tooMuch(what: string, most: number, instead: string): GraphQLError {
  return coded(`The request ${what}; at most ${most} are taken: ${instead}.`, "GRAPHQL_VALIDATION_FAILED");
}

function coded(message: string, code: string, cause?: unknown): GraphQLError {
  const { source, positions } = cause instanceof GraphQLError ? cause : {};
  return new GraphQLError(message, { source, positions, extensions: { code } });
}

/** As they are written, in whatever definition: a fragment counts once, however often it is used. */
function countOf(document: DocumentNode): { aliases: number; directives: number } {
  let [aliases, directives] = [0, 0];
  visit(document, {
    Field: ({ alias }) => {
      if (alias) aliases += 1;
    },
    Directive: () => {
      directives += 1;
    },
  });
  return { aliases, directives };
}

function defaultsOf(
  definitions: NonNullable<ReturnType<typeof getOperationAST>>["variableDefinitions"],
): Record<string, unknown> {
  const given = (definitions ?? []).filter(({ defaultValue }) => defaultValue?.kind === Kind.INT);
  return Object.fromEntries(
    given.map(({ variable, defaultValue }) => [variable.name.value, Number((defaultValue as { value: string }).value)]),
  );
}

interface Size {
  readonly depth: number;
  /** Below one of the things that the selection is made on. */
  readonly nodes: number;
  /** Of texts that are asked for with a limit. */
  readonly characters: number;
}
const NOTHING: Size = { depth: 0, nodes: 0, characters: 0 };

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
    }
    return { depth, nodes, characters };
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
    if (!node.selectionSet) return { depth: 1, nodes: cost, characters: field ? this.#characters(node, field) : 0 };
    const below = this.of(node.selectionSet, field ? getNamedType(field.type).name : "");
    const rows = field ? this.#pageSize(node, field) : null;
    return {
      depth: below.depth + 1,
      nodes: cost + (rows === null ? below.nodes : rows * (1 + below.nodes)),
      characters: (rows ?? 1) * below.characters,
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
