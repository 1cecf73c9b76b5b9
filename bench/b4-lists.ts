import { readFile } from "node:fs/promises";
import path from "node:path";
import { OperationTypeNode, parse, print, separateOperations, type OperationDefinitionNode } from "graphql";
import type { ApiClient } from "../src/cli/client.js";
import { ROOT } from "../test/support/processes.js";
import { atMost, median, percentile, type Bench, type Row } from "./bench.js";
import { fillLists, type Filled } from "./fill.js";
import { Headway } from "./headway.js";
import { statementsAndPlans, type Request } from "./plans.js";
import { startServers, type Servers } from "./servers.js";

const JOBS = 100_000;
const WARM_UP = 20;
const TIMES = 200;
const PAGE = 5;
const WALKED_AT_ONCE = 100;
const MOST_STATEMENTS = 8;
const MOST_FILL_MINUTES = 10;
const MOST_GROWTH = 1.2;

export const b4: Bench = {
  name: "B4",
  about: `lists of ${JOBS.toLocaleString("en")} jobs, and of a tenth of that (filled first: some minutes, 8 GB)`,
  onDemand: true,
  async run(say) {
    const servers = await startServers({ autovacuum: "off" });
    const running: Headway[] = [];
    try {
      const startedAt = performance.now();
      const large = await filled(servers, JOBS, say);
      const fillMinutes = (performance.now() - startedAt) / 60_000;
      const small = await filled(servers, JOBS / 10, say);
      const clients: ApiClient[] = [];
      for (const { url } of [large, small]) {
        const headway = new Headway(servers, url);
        running.push(headway);
        await headway.startApi({ HEADWAY_ROLES: "api" });
        clients.push(headway.client);
      }
      const requests = [await requestsOver(clients[0]!, large), await requestsOver(clients[1]!, small)] as const;
      const times = await timed(clients, requests);
      const rows = requests[0].map((request, n) => growthRow(request, times[0]![n]!, times[1]![n]!));
      const looked = await statementsAndPlans(servers, large.url, requests[0], say);
      return [
        ...rows,
        atMost(
          "B4",
          "statements of a request, the most",
          Math.max(...looked.statements),
          MOST_STATEMENTS,
          "statements",
        ),
        atMost(
          "B4",
          "statements that read a large table whole",
          looked.scans.length,
          0,
          "statements",
          looked.scans.join("; "),
        ),
        atMost("B4", "filling the larger tables", fillMinutes, MOST_FILL_MINUTES, "minutes", countsOf(large)),
      ];
    } finally {
      for (const headway of running) await headway.stop();
      await servers.stop();
    }
  },
};

async function filled(servers: Servers, jobs: number, say: (line: string) => void): Promise<Filled & { url: string }> {
  const url = await servers.database();
  const migrating = new Headway(servers, url);
  await migrating.startApi({ HEADWAY_ROLES: "api" });
  await migrating.stop();
  const startedAt = performance.now();
  const found = await fillLists(servers.asSuperuser(url), jobs);
  say(`filled with ${countsOf(found)} in ${((performance.now() - startedAt) / 1_000).toFixed(0)} s`);
  return { ...found, url };
}

function countsOf({ jobs, tasks, changes }: Filled): string {
  const [j, t, c] = [jobs, tasks, changes].map((count) => count.toLocaleString("en"));
  return `${j} jobs, ${t} tasks, ${c} changes`;
}

/** Every list's first page and its 1,000th, or its last where there are fewer. */
async function requestsOver(client: ApiClient, { variables }: Filled): Promise<Request[]> {
  const document = parse(await readFile(path.join(ROOT, "bench", "b4.graphql"), "utf8"));
  const requests: Request[] = [];
  for (const [name, operation] of Object.entries(separateOperations(document))) {
    const text = print(operation);
    const declared = operation.definitions.find(
      (one): one is OperationDefinitionNode => "operation" in one && one.operation === OperationTypeNode.QUERY,
    )!.variableDefinitions!;
    const names = new Set(declared.map(({ variable }) => variable.name.value));
    const wanted = Object.fromEntries(Object.entries(variables).filter(([variable]) => names.has(variable)));
    requests.push({ name, text, page: "first page", variables: wanted });
    if (!names.has("after")) continue;
    const { page, after } = await walk(client, text, wanted);
    if (page > 1)
      requests.push({ name, text, page: `page ${page.toLocaleString("en")}`, variables: { ...wanted, after } });
  }
  return requests;
}

interface Answer {
  readonly page: {
    readonly nodes: readonly unknown[];
    readonly pageInfo: { readonly endCursor: string; readonly hasNextPage: boolean };
  };
}

/** The cursor behind which the 1,000th page of five comes, or the last whole one. */
async function walk(
  client: ApiClient,
  text: string,
  variables: Request["variables"],
): Promise<{ readonly page: number; readonly after: string }> {
  let passed = 0;
  let after: string | null = null;
  for (const behind = 999 * PAGE; passed < behind;) {
    const first = Math.min(WALKED_AT_ONCE, behind - passed);
    const { page }: Answer = await client.query<Answer>(text, { ...variables, first, after });
    if (!page.pageInfo.hasNextPage) break;
    passed += page.nodes.length;
    after = page.pageInfo.endCursor;
  }
  return { page: passed / PAGE + 1, after: after ?? "" };
}

/** Milliseconds of each request, as its client sees them: all requests in turn, the two databases side by side. */
async function timed(clients: readonly ApiClient[], requests: readonly (readonly Request[])[]): Promise<number[][][]> {
  const times = requests.map((of) => of.map((): number[] => []));
  for (let round = -WARM_UP; round < TIMES; round += 1) {
    for (let n = 0; n < requests[0]!.length; n += 1) {
      for (const [which, client] of clients.entries()) {
        const { text, variables } = requests[which]![n]!;
        const startedAt = performance.now();
        await client.query(text, variables);
        if (round >= 0) times[which]![n]!.push(performance.now() - startedAt);
      }
    }
  }
  return times;
}

/** Met when the larger answers in time, and grows with its size by no more than a fifth in the middle one of its times. */
function growthRow({ name, page }: Request, large: readonly number[], small: readonly number[]): Row {
  const most = name === "CollectionsJobsTasksHistory" ? 60 : 25;
  const [ours, theirs] = [percentile(large, 95), percentile(small, 95)];
  const growth = median(large) / median(small);
  return {
    bench: "B4",
    measure: `${name}, ${page}, p95, ms`,
    ours,
    peer: "at a tenth of the size",
    theirs,
    bar: `≤ ${most}`,
    met: ours <= most && growth <= MOST_GROWTH,
    note: `medians ${median(large).toFixed(1)} and ${median(small).toFixed(1)} ms: ${growth.toFixed(2)} ×, of ≤ ${MOST_GROWTH} ×`,
  };
}
