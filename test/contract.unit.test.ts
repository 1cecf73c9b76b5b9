import {
  buildSchema,
  findBreakingChanges,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isIntrospectionType,
  isObjectType,
  isSpecifiedScalarType,
  type GraphQLNamedType,
  type GraphQLSchema,
} from "graphql";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { buildHeadwaySchema } from "../src/graphql/schema.js";
import { ROOT } from "./support/root.js";

let contract: GraphQLSchema;
let emitted: GraphQLSchema;
beforeAll(async () => {
  contract = buildSchema(await readFile(path.join(ROOT, "test", "contract", "api.graphql"), "utf8"));
  emitted = await buildHeadwaySchema();
});

/** One part of a schema: its name as `Type.field(argument)`, and what it is. */
interface Part {
  readonly name: string;
  readonly description: string | null | undefined;
  /** Type and default of what has one. */
  readonly shape: string;
}

function partsOf(schema: GraphQLSchema): Part[] {
  const own = (type: GraphQLNamedType): boolean => !isIntrospectionType(type) && !isSpecifiedScalarType(type);
  return Object.values(schema.getTypeMap()).filter(own).flatMap(partsOfType);
}

function partsOfType(type: GraphQLNamedType): Part[] {
  const parts: Part[] = [{ name: type.name, description: type.description, shape: type.constructor.name }];
  const add = (name: string, description: string | null | undefined, shape: string): void =>
    void parts.push({ name: `${type.name}.${name}`, description, shape });
  if (isEnumType(type)) for (const value of type.getValues()) add(value.name, value.description, "value");
  if (isInputObjectType(type)) {
    for (const field of Object.values(type.getFields())) add(field.name, field.description, shapeOf(field));
  }
  if (isObjectType(type) || isInterfaceType(type)) {
    for (const field of Object.values(type.getFields())) {
      add(field.name, field.description, String(field.type));
      for (const arg of field.args) add(`${field.name}(${arg.name})`, arg.description, shapeOf(arg));
    }
  }
  return parts;
}

function shapeOf({ type, defaultValue }: { readonly type: unknown; readonly defaultValue?: unknown }): string {
  return defaultValue === undefined ? String(type) : `${String(type)} = ${JSON.stringify(defaultValue)}`;
}

describe("the emitted schema", () => {
  test("breaks nothing of the contract", () => {
    expect(findBreakingChanges(contract, emitted).map(({ description }) => description)).toEqual([]);
  });

  test("has every type, nullability and default just as the contract has it", () => {
    const shapes = new Map(partsOf(emitted).map(({ name, shape }) => [name, shape]));
    const wrong = partsOf(contract)
      .filter(({ name }) => shapes.has(name))
      .filter(({ name, shape }) => shapes.get(name) !== shape)
      .map(({ name, shape }) => `${name} is ${shapes.get(name)}, in the contract ${shape}`);
    expect(wrong).toEqual([]);
    expect(partsOf(contract).length).toBeGreaterThan(500);
  });

  test("describes every type, field, argument, input field and enum value, in more than its own name", () => {
    const letters = (text: string): string => text.toLowerCase().replaceAll(/[^a-z]/g, "");
    const undescribed = partsOf(emitted)
      .filter(({ name, description }) => {
        if (!description?.trim()) return true;
        const own = letters(name.split(/[.(]/).at(-1)!);
        return [own, `the${own}`, `a${own}`, `an${own}`].includes(letters(description));
      })
      .map(({ name }) => name);
    expect(undescribed).toEqual([]);
  });
});
