import { defaultFieldResolver, getNamedType, isLeafType, isObjectType, type GraphQLSchema } from "graphql";
import type { GraphContext } from "../context.js";
import { asRejection } from "./as-rejection.js";
import type { Budget } from "./budget.js";

/** Lets every field of the schema draw on the request's budget: by its name, and by what it holds. */
export function countAnswers(schema: GraphQLSchema): GraphQLSchema {
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type) || type.name.startsWith("__")) continue;
    for (const field of Object.values(type.getFields())) {
      const resolve = field.resolve ?? defaultFieldResolver;
      const isLeaf = isLeafType(getNamedType(field.type));
      field.resolve = asRejection((source, args, context: GraphContext, info) => {
        const { budget } = context;
        // Before the resolver: what that has begun would be waited for by nobody.
        budget.answer(String(info.path.key).length + 4);
        const value: unknown = resolve(source, args, context, info);
        if (!isLeaf) return value;
        return isPromise(value) ? value.then((one: unknown) => counted(budget, one)) : counted(budget, value);
      });
    }
  }
  return schema;
}

function isPromise(value: unknown): value is Promise<unknown> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === "function";
}

function counted(budget: Budget, value: unknown): unknown {
  budget.answer(bytesOf(value, budget.leftToAnswer));
  return value;
}

/** About how many bytes the value has as JSON; what has more than `most` is not looked through to its end. */
function bytesOf(value: unknown, most: number): number {
  if (typeof value === "string") return Buffer.byteLength(value) + 2;
  if (value instanceof Date) return 26;
  if (typeof value !== "object" || value === null) return 8;
  let bytes = 2;
  for (const [key, inner] of Object.entries(value)) {
    bytes += (Array.isArray(value) ? 1 : key.length + 4) + bytesOf(inner, most - bytes);
    if (bytes > most) break;
  }
  return bytes;
}
