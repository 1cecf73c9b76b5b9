import { buildHeadwaySchema } from "../../src/graphql/schema.js";
import { definePipeline } from "../../src/pipelines/pipeline.js";
import { createTestApi, type TestApi } from "../support/api.js";
import { generate, randomOf } from "./query-generator.js";

const RUNS = Number(process.env.HEADWAY_TEST_FUZZ_RUNS ?? "500");
const SEED = Number(process.env.HEADWAY_TEST_SEED ?? Date.now() % 1_000_000);
/** All that a client may be told; INTERNAL is not among them, since nothing a client sends may be a fault of ours. */
const CODES = new Set(["GRAPHQL_PARSE_FAILED", "GRAPHQL_VALIDATION_FAILED", "BAD_USER_INPUT"]);

const plain = definePipeline({
  name: "plain",
  version: 1,
  documentStages: [{ name: "read", run: async (ctx) => ({ text: await ctx.document.text() }) }],
  collectionStages: [{ name: "sum", run: async () => null }],
});

let api: TestApi;
beforeAll(async () => {
  api = await createTestApi([plain]);
  await api.rig.startWorker();
  for (let i = 0; i < 3; i += 1) await api.rig.settled(await api.rig.submit("plain", 2));
});
afterAll(() => api.close());

test(`${RUNS} requests of the schema's grammar with values right, foreign and mad, from seed ${SEED}, are answered or refused with a code, and break nothing`, async () => {
  const schema = await buildHeadwaySchema();
  const rows: { id: string }[] = await api.rig.db.query(
    `select id from headway.collection union all select id from headway.job union all select id from headway.task union all select id from headway.document`,
  );
  const ids = rows.map(({ id }) => id);
  const random = randomOf(SEED);
  const outcomes = new Map<string, number>();
  const wrong: object[] = [];
  for (let run = 0; run < RUNS; run += 1) {
    const { query, variables } = generate(schema, ids, random);
    const { status, data, errors } = await api.send(query, variables);
    const codes = [...new Set(errors.map(({ extensions }) => extensions.code))];
    const outcome = codes.length > 0 ? codes.sort().join(" ") : userErrorsIn(data);
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    const isOdd = status >= 500 || codes.some((code) => !CODES.has(code)) || (data === null && codes.length === 0);
    if (isOdd)
      wrong.push({ run, status, errors, faults: api.faults.slice(-2), query, variables: JSON.stringify(variables) });
    if (wrong.length >= 5) break;
  }
  process.stderr.write(`fuzz: seed ${SEED}, ${RUNS} requests, ${JSON.stringify(Object.fromEntries(outcomes))}\n`);
  expect(wrong).toEqual([]);
  expect(outcomes.get("answered")).toBeGreaterThan(RUNS / 20);
  expect(await api.rig.violations()).toEqual([]);
  expect((await api.send("{ viewer { name } doctor { detail } }")).data).toEqual({
    viewer: { name: "tester" },
    doctor: [],
  });
});

function userErrorsIn(data: Record<string, any> | null): string {
  const refused = Object.values(data ?? {}).some((payload) => payload?.userErrors?.length > 0);
  return refused ? "user errors" : "answered";
}
