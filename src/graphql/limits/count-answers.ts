import { defaultFieldResolver, getNamedType, isLeafType, isObjectType, type GraphQLSchema } from "graphql";
import type { GraphContext } from "../context.js";
import { asRejection } from "./as-rejection.js";
import type { Budget } from "./budget.js";

/**
 * Lets every field of the schema draw on the request's budget: by its name, and by what it holds. Mutations and what stands
 * in their payloads are counted and never refused: what was done must be answered as done.
 */
export function countAnswers(schema: GraphQLSchema): GraphQLSchema {
  const mutations = schema.getMutationType();
  const payloads = Object.values(mutations?.getFields() ?? {}).map(({ type }) => getNamedType(type));
  const answered = new Set<unknown>([mutations, ...payloads, schema.getType("UserError")]);
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type) || type.name.startsWith("__")) continue;
    const take = answered.has(type)
      ? (budget: Budget, bytes: number) => budget.answerAnyway(bytes)
      : (budget: Budget, bytes: number) => budget.answer(bytes);
    for (const field of Object.values(type.getFields())) {
      const resolve = field.resolve ?? defaultFieldResolver;
      const isLeaf = isLeafType(getNamedType(field.type));
      field.resolve = asRejection((source, args, context: GraphContext, info) => {
        const { budget } = context;
        const counted = (value: unknown): unknown => {
          take(budget, bytesOf(value, budget.leftToAnswer));
          return value;
        };
        // Before the resolver: what that has begun would be waited for by nobody.
        take(budget, String(info.path.key).length + 4);
        const value: unknown = resolve(source, args, context, info);
        if (!isLeaf) return value;
        return isPromise(value) ? value.then(counted) : counted(value);
      });
    }
  }
  return schema;
}

function isPromise(value: unknown): value is Promise<unknown> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === "function";
}

/** What is written as several characters: quotes, backslashes, control characters, and halves of pairs. */
// eslint-disable-next-line no-control-regex
const ESCAPED = /["\\\u0000-\u001f\ud800-\udfff]/;

/** About how many bytes the value has as JSON; what has more than `most` is not looked through to its end. */
function bytesOf(value: unknown, most: number): number {
  if (typeof value === "string") return Buffer.byteLength(ESCAPED.test(value) ? JSON.stringify(value) : value) + 2;
  if (value instanceof Date) return 26;
  if (typeof value !== "object" || value === null) return 8;
  let bytes = 2;
  for (const [key, inner] of Object.entries(value)) {
    bytes += (Array.isArray(value) ? 1 : bytesOf(key, most) + 2) + bytesOf(inner, most - bytes);
    if (bytes > most) break;
  }
  return bytes;
}
