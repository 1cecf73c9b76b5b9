import { buildSchema, parse, validate } from "graphql";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { ROOT } from "../support/root.js";

const FOLDER = path.join(ROOT, "src", "console", "explore", "steps");
const schema = buildSchema(readFileSync(path.join(ROOT, "schema", "schema.graphql"), "utf8"));

test.each(readdirSync(FOLDER))("the step %s of Explore is one operation, valid in the schema", (name) => {
  const document = parse(readFileSync(path.join(FOLDER, name), "utf8"));
  expect(document.definitions.map(({ kind }) => kind)).toEqual(["OperationDefinition"]);
  expect(validate(schema, document)).toEqual([]);
});
