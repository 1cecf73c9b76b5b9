// Writes src/client/operations.ts: the operations of operations.graphql beside it, with their types by schema/schema.graphql.
//   node scripts/generate-operations.mjs [FILE]
import { codegen } from "@graphql-codegen/core";
import * as operationTypes from "@graphql-codegen/typescript-operations";
import { Kind, parse, print, stripIgnoredCharacters, visit } from "graphql";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { ROOT } from "./ready.mjs";

const at = (...parts) => path.join(ROOT, ...parts);
const document = parse(readFileSync(at("src", "client", "operations.graphql"), "utf8"));

const types = await codegen({
  filename: "operations.ts",
  schema: parse(readFileSync(at("schema", "schema.graphql"), "utf8")),
  documents: [{ location: "operations.graphql", document }],
  config: {
    enumType: "string-literal",
    useTypeImports: true,
    strictScalars: true,
    scalars: { BigInt: "number", DateTime: "string", JSON: "unknown" },
  },
  plugins: [{ operationTypes: {} }],
  pluginMap: { operationTypes },
});

const fragments = new Map(
  document.definitions.filter(({ kind }) => kind === Kind.FRAGMENT_DEFINITION).map((one) => [one.name.value, one]),
);

/** The fragments that a definition spreads. */
function spreadBy(definition, found = new Set()) {
  visit(definition, {
    FragmentSpread: ({ name: { value } }) => {
      if (found.has(value)) return;
      found.add(value);
      spreadBy(fragments.get(value), found);
    },
  });
  return found;
}

const KINDS = { query: "Query", mutation: "Mutation", subscription: "Subscription" };
const operations = document.definitions
  .filter(({ kind }) => kind === Kind.OPERATION_DEFINITION)
  .map((operation) => {
    const definitions = [operation, ...[...spreadBy(operation)].map((name) => fragments.get(name))];
    const text = stripIgnoredCharacters(print({ kind: Kind.DOCUMENT, definitions }));
    const name = operation.name.value;
    const type = `${name}${KINDS[operation.operation]}`;
    return `export const ${name} = ${JSON.stringify(text)} as Operation<${type}, ${type}Variables>;\n`;
  });

writeFileSync(
  process.argv[2] ?? at("src", "client", "operations.ts"),
  [
    "// Written by npm run schema from operations.graphql and schema/schema.graphql.",
    'import type { Operation } from "./operation.js";',
    "",
    types.trim(),
    "",
    ...operations,
  ].join("\n"),
);
