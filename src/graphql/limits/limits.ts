import { GraphQLError, parse, visit, type DocumentNode, type GraphQLSchema } from "graphql";
import { MAX_RESPONSE_BYTES, tooLarge } from "./budget.js";
import { measureOf, type Asked, type Size, type Weight } from "./measure.js";
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

/** A request as it came in, of either transport. */
export interface GraphRequest extends Asked {
  readonly query: string;
}

/** What a request asks for, and what it may: in rows, or in what costs as much. */
export interface Cost {
  readonly asked: number;
  readonly allowed: number;
  readonly weighs: readonly Weight[];
}

/** What an operation of a document that is within its limits costs; null where there is none of that name. */
export function costOf(schema: GraphQLSchema, document: DocumentNode, request: Asked): Cost | null {
  const measured = measureOf(schema, document, request);
  return measured && toCost(measured.size);
}

function toCost({ nodes, weights }: Size): Cost {
  return { asked: nodes, allowed: LIMITS.nodes, weighs: weights };
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
  const measured = measureOf(schema, document, request);
  if (!measured) return document;
  const { size, circle } = measured;
  if (circle !== null) return [coded(`Cannot spread fragment "${circle}" within itself.`, "GRAPHQL_VALIDATION_FAILED")];
  const { depth, nodes, characters } = size;
  if (depth > LIMITS.depth)
    return [tooMuch(`is ${depth} levels deep`, LIMITS.depth, "ask for what is below by its id")];
  if (overlapsOf(document, LIMITS.overlaps) > LIMITS.overlaps) {
    return [
      tooMuch("selects the same fields in the same place too often", LIMITS.overlaps, "select each of them once"),
    ];
  }
  if (nodes > LIMITS.nodes) {
    const instead = "ask for smaller pages; a search, doctor and waitingOn cost as much as many rows";
    return [tooMuch(`asks for up to ${nodes} rows`, LIMITS.nodes, instead, { cost: toCost(size) })];
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

function tooMuch(what: string, most: number, instead: string, more: object = {}): GraphQLError {
  const message = `The request ${what}; the limit is ${most}: ${instead}.`;
  return new GraphQLError(message, { extensions: { code: "GRAPHQL_VALIDATION_FAILED", ...more } });
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
