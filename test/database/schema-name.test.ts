import { inSchema } from "../../src/database/schema-name.js";

describe("SQL text for another schema", () => {
  test("names that schema, quoted, before each name", () => {
    expect(inSchema("select headway.converge(j.id) from headway.job j", "Other_1")).toBe(
      'select "Other_1".converge(j.id) from "Other_1".job j',
    );
    expect(inSchema("select 'headway.collection'::regclass", "other")).toBe("select '\"other\".collection'::regclass");
  });

  test("leaves alone what only looks like the schema", () => {
    const text =
      "select x.headway.y, my_headway.z, \"headway\".a, set_config('headway_duty.name', '', true), 'headway. '";
    expect(inSchema(text, "other")).toBe(text);
  });

  test("is the text itself where the schema is the one it is written for", () => {
    expect(inSchema("select from headway.job", "headway")).toBe("select from headway.job");
  });
});
