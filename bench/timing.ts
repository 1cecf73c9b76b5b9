import { randomUUID } from "node:crypto";
import { createKey } from "../src/access/keys.js";
import { projectNamed } from "../src/access/projects.js";
import { createDataSource } from "../src/database/data-source.js";
import { atMost, median, type Bench, type Row } from "./bench.js";
import { Headway } from "./headway.js";
import { startServers } from "./servers.js";

const TIMES = 2_000;
const WARM_UP = 200;
/** Both tails beyond this are one in a thousand: where nothing tells them apart, one run in a hundred has such a row. */
const MOST_Z = 3.29;
const ofCollection = (query: string) => ({ query, kind: "collection" }) as const;
const ofJob = (query: string) => ({ query, kind: "job" }) as const;
/** By their names in the table. */
const ASKED = {
  collection: ofCollection("query ($id: ID!) { collection(id: $id) { id name } }"),
  job: ofJob("query ($id: ID!) { job(id: $id) { id status } }"),
  node: ofJob("query ($id: ID!) { node(id: $id) { id } }"),
  statusChanges: ofJob("query ($id: ID!) { statusChanges(filter: { jobId: $id }) { nodes { id } } }"),
  cancelJob: ofJob("mutation ($id: ID!) { cancelJob(input: { jobId: $id }) { userErrors { code } } }"),
  deleteCollection: ofCollection(
    "mutation ($id: ID!) { deleteCollection(input: { collectionId: $id }) { userErrors { code } } }",
  ),
} as const;

/** Whether another project's ids can be told from unknown ones by how long the answer takes. */
export const timing: Bench = {
  name: "timing",
  about: `how long ids of another project take beside unknown ones, ${TIMES.toLocaleString("en")} requests each`,
  onDemand: true,
  async run(say) {
    const servers = await startServers();
    const url = await servers.database();
    const headway = new Headway(servers, url);
    try {
      const api = await headway.startApi();
      const collectionId = await headway.collectionOf(10);
      const theirs = { collection: collectionId, job: await headway.submit(collectionId, "noop5") };
      const key = await strangersKey(url);
      const rows: Row[] = [];
      for (const [name, { query, kind }] of Object.entries(ASKED)) {
        const ask = async (id: string): Promise<number> => {
          const startedAt = performance.now();
          const answer = await fetch(`${api.url}/graphql`, {
            method: "POST",
            headers: { "content-type": "application/json", authorization: `Bearer ${key}` },
            body: JSON.stringify({ query, variables: { id } }),
          });
          await answer.text();
          return performance.now() - startedAt;
        };
        const [foreign, unknown] = await inTurns(
          () => ask(theirs[kind]),
          () => ask(randomUUID()),
        );
        const z = rankSumZ(foreign, unknown);
        const medians = `medians ${median(foreign).toFixed(3)} and ${median(unknown).toFixed(3)} ms`;
        say(`${name}: z ${z.toFixed(2)}, ${medians}`);
        rows.push(atMost("timing", `${name}: foreign beside unknown ids, rank sum`, Math.abs(z), MOST_Z, "z", medians));
      }
      return rows;
    } finally {
      await headway.stop();
      await servers.stop();
    }
  },
};

/** An ADMIN's of another project, so that no role stands before what is asked. */
async function strangersKey(databaseUrl: string): Promise<string> {
  const db = await createDataSource(databaseUrl, { poolSize: 1 }).initialize();
  try {
    const { id: projectId } = await projectNamed(db, "stranger");
    const grant = {
      projectId,
      name: "stranger",
      role: "ADMIN",
      lifeMs: null,
      scope: null,
      createdBy: "bench",
    } as const;
    return (await createKey(db, grant)).key;
  } finally {
    await db.destroy();
  }
}

/** Each in turn, the first of a pair by chance, so that what the machine does meanwhile strikes both alike. */
async function inTurns(a: () => Promise<number>, b: () => Promise<number>): Promise<[number[], number[]]> {
  const [ofA, ofB]: [number[], number[]] = [[], []];
  for (let n = -WARM_UP; n < TIMES; n += 1) {
    const isAFirst = Math.random() < 0.5;
    const first = await (isAFirst ? a() : b());
    const second = await (isAFirst ? b() : a());
    if (n < 0) continue;
    ofA.push(isAFirst ? first : second);
    ofB.push(isAFirst ? second : first);
  }
  return [ofA, ofB];
}

/** The rank-sum statistic of Mann and Whitney, as a normal deviate: 0 where neither tends to be larger. */
function rankSumZ(a: readonly number[], b: readonly number[]): number {
  const ranked = [...a.map((value) => ({ value, isA: true })), ...b.map((value) => ({ value, isA: false }))];
  ranked.sort((one, other) => one.value - other.value);
  const rankSum = ranked.reduce((sum, { isA }, index) => sum + (isA ? index + 1 : 0), 0);
  const [n, m] = [a.length, b.length];
  const u = rankSum - (n * (n + 1)) / 2;
  return (u - (n * m) / 2) / Math.sqrt((n * m * (n + m + 1)) / 12);
}
