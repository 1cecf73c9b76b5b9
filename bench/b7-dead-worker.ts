import { setTimeout as sleep } from "node:timers/promises";
import type { HeadwayProcess } from "../test/support/processes.js";
import { atMost, type Bench } from "./bench.js";
import { Headway } from "./headway.js";
import { startServers } from "./servers.js";

const DOCUMENTS = 16;
const DEADLINE_MS = 120_000;

export const b7: Bench = {
  name: "B7",
  about: "kill -9 of a worker with default settings, until its tasks are queued and the first runs elsewhere",
  onDemand: false,
  async run(say) {
    const servers = await startServers();
    const headway = new Headway(servers, await servers.database(), { HEADWAY_CONCURRENCY: "16" });
    try {
      await headway.startApi();
      const first = await headway.startWorker();
      const jobId = await headway.submit(await headway.collectionOf(DOCUMENTS), "waiting");
      await until("the first worker runs all of them", async () => {
        const tasks = await tasksOf(headway, jobId);
        return tasks.every((task) => isRunBy(task, first));
      });
      const second = await headway.startWorker();
      const killedAt = performance.now();
      await first.kill();
      headway.workers.splice(headway.workers.indexOf(first), 1);
      // They died together, so each waits to run alone; two minutes each, so the first still runs then.
      await until("one runs elsewhere and none is left with the dead worker", async () => {
        const tasks = await tasksOf(headway, jobId);
        const waiting = tasks.filter(
          ({ status, lastChange }) => status === "QUEUED" && lastChange.reason === "LEASE_EXPIRED",
        );
        return waiting.length === DOCUMENTS - 1 && tasks.some((task) => isRunBy(task, second));
      });
      const seconds = (performance.now() - killedAt) / 1_000;
      say(`${seconds.toFixed(1)} s`);
      // What still runs would hold the worker's stop for its whole grace.
      await second.kill();
      headway.workers.length = 0;
      return [
        atMost(
          "B7",
          "none of a killed worker's 16 tasks is left with it, and the first runs elsewhere",
          seconds,
          40,
          "s",
          "lease 30 s, heartbeat 10 s, sweep 5 s",
        ),
      ];
    } finally {
      await headway.stop();
      await servers.stop();
    }
  },
};

interface Task {
  readonly status: string;
  readonly worker: { readonly pid: number } | null;
  readonly lastChange: { readonly reason: string };
}

async function tasksOf(headway: Headway, jobId: string): Promise<readonly Task[]> {
  const query = `query($jobId: ID!) {
    tasks(first: 100, filter: { jobId: $jobId }) { nodes { status worker { pid } lastChange { reason } } } }`;
  const { tasks } = await headway.client.query<{ tasks: { nodes: readonly Task[] } }>(query, { jobId });
  return tasks.nodes;
}

const isRunBy = ({ status, worker }: Task, { child }: HeadwayProcess): boolean =>
  status === "RUNNING" && worker?.pid === child.pid;

async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  const deadlineAt = performance.now() + DEADLINE_MS;
  while (!(await isSo())) {
    if (performance.now() > deadlineAt) throw new Error(`not within ${DEADLINE_MS} ms: ${what}`);
    await sleep(20);
  }
}
