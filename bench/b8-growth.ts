import { median, type Bench, type Row } from "./bench.js";
import { Headway } from "./headway.js";
import { startServers } from "./servers.js";

const SMALL = 5_000;
const LARGER = [20_000, 100_000];
const MOST = 1.2;

export const b8: Bench = {
  name: "B8",
  about: "what a document costs in jobs of 5,000, 20,000 and 100,000",
  onDemand: false,
  async run(say) {
    const servers = await startServers();
    const headway = new Headway(servers, await servers.database());
    try {
      await headway.startApi();
      await headway.startWorker();
      await headway.rate(SMALL);
      const small: number[] = [];
      const large: number[] = [];
      const take = async (documents: number): Promise<number> => {
        const rate = await headway.rate(documents);
        say(`${documents} documents: ${rate.toFixed(0)} a second`);
        return rate;
      };
      // The small ones before, between and after: what a large one leaves behind strikes both.
      small.push(await take(SMALL));
      for (const documents of LARGER) {
        large.push(await take(documents));
        small.push(await take(SMALL));
      }
      const base = median(small);
      return LARGER.map((documents, place): Row => {
        const cost = base / large[place]!;
        return {
          bench: "B8",
          measure: `cost of a document, job of ${documents.toLocaleString("en")}`,
          ours: 1e6 / large[place]!,
          peer: "job of 5,000, µs",
          theirs: 1e6 / base,
          bar: `≤ ${MOST} ×`,
          met: cost <= MOST,
          note: `${large[place]!.toFixed(0)} documents/s; jobs of 5,000: ${small.map((rate) => rate.toFixed(0)).join(", ")}`,
        };
      });
    } finally {
      await headway.stop();
      await servers.stop();
    }
  },
};
