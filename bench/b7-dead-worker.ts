import { setTimeout as sleep } from "node:timers/promises";
import { atMost, type Bench } from "./bench.js";
import { Headway } from "./headway.js";
import { startServers } from "./servers.js";

const DOCUMENTS = 16;
const DEADLINE_MS = 120_000;

export const b7: Bench = {
  name: "B7",
  about: "kill -9 of a worker with default settings, until its tasks run elsewhere",
  onDemand: false,
  async run(say) {
    const servers = await startServers();
    const headway = new Headway(servers, await servers.database(), { HEADWAY_CONCURRENCY: "16" });
    try {
      await headway.startApi();
      const first = await headway.startWorker();
      const jobId = await headway.submit(await headway.collectionOf(DOCUMENTS), "waiting");
      const running = async (): Promise<{ pid: number; attempt: number }[]> => {
        const { tasks } = await headway.client.query<{
          tasks: { nodes: { worker: { pid: number }; attempt: number }[] };
        }>(
          "query($jobId: ID!) { tasks(first: 100, filter: { jobId: $jobId, status: [RUNNING] }) { nodes { attempt worker { pid } } } }",
          { jobId },
        );
        return tasks.nodes.map(({ worker, attempt }) => ({ pid: worker.pid, attempt }));
      };
      const allRunBy = async (pid: number): Promise<void> => {
        const deadlineAt = performance.now() + DEADLINE_MS;
        for (;;) {
          const tasks = await running();
          if (tasks.length === DOCUMENTS && tasks.every((task) => task.pid === pid)) return;
          if (performance.now() > deadlineAt)
            throw new Error(`after ${DEADLINE_MS} ms process ${pid} runs ${tasks.length} of them`);
          await sleep(20);
        }
      };
      await allRunBy(first.child.pid!);
      const second = await headway.startWorker();
      const killedAt = performance.now();
      await first.kill();
      headway.workers.splice(headway.workers.indexOf(first), 1);
      await allRunBy(second.child.pid!);
      const seconds = (performance.now() - killedAt) / 1_000;
      say(`${seconds.toFixed(1)} s`);
      // What still runs would hold the worker's stop for its whole grace.
      await second.kill();
      headway.workers.length = 0;
      return [
        atMost(
          "B7",
          "all 16 tasks of a killed worker run elsewhere",
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
