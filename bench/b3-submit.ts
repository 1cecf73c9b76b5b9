import { atMost, median, type Bench } from "./bench.js";
import { Headway } from "./headway.js";
import { highestWhile } from "./proc.js";
import { startServers } from "./servers.js";

const DOCUMENTS = 10_000;
const ROUNDS = 3;

export const b3: Bench = {
  name: "B3",
  about: "10,000 documents submitted in one mutation",
  onDemand: false,
  async run(say) {
    const servers = await startServers();
    const headway = new Headway(servers, await servers.database());
    try {
      const api = await headway.startApi();
      await headway.submit(await headway.collectionOf(100), "noop5");
      const times: number[] = [];
      const growths: number[] = [];
      for (let round = 1; round <= ROUNDS; round += 1) {
        const collectionId = await headway.collectionOf(DOCUMENTS);
        const startedAt = performance.now();
        const memory = await highestWhile(api.child.pid!, () => headway.submit(collectionId, "noop5"));
        times.push((performance.now() - startedAt) / 1_000);
        growths.push((memory.highestBytes - memory.beforeBytes) / 1e6);
        say(`round ${round}: ${times.at(-1)!.toFixed(2)} s, + ${growths.at(-1)!.toFixed(0)} MB`);
      }
      return [
        atMost("B3", "submit of 10,000 documents", median(times), 1.5, "s", "median of three; no worker runs"),
        atMost("B3", "growth of the API process meanwhile", Math.max(...growths), 100, "MB", "the most of three"),
      ];
    } finally {
      await headway.stop();
      await servers.stop();
    }
  },
};
