import { fork } from "node:child_process";
import { once } from "node:events";
import { against, interleave, type Bench } from "./bench.js";
import { Headway } from "./headway.js";
import { startServers } from "./servers.js";

const ROUNDS = 3;
const DOCUMENTS = 16;
const CHUNKS_A_DOCUMENT = 16;
const CHUNKS = DOCUMENTS * CHUNKS_A_DOCUMENT;
const BATCH = 16;
const WORDS =
  "lease fence task worker document collection heartbeat second job pump filter water record letter clerk harbour".split(
    " ",
  );

/** A chunk of some 900 characters, as of prose. */
function chunkText(n: number): string {
  return Array.from({ length: 130 }, (_, m) => WORDS[(n * 7 + m * m) % WORDS.length]).join(" ");
}

export const b10: Bench = {
  name: "B10",
  about: "chunks a second of the local embedder through `documents`, beside the bare library in one process",
  onDemand: false,
  async run(say) {
    const servers = await startServers();
    const headway = new Headway(servers, await servers.database(), {
      HEADWAY_EMBEDDER: "local",
      HEADWAY_CONCURRENCY: "8",
      HEADWAY_PIPELINES: "",
    });
    try {
      await headway.startApi();
      await headway.startWorker();
      await embedded(headway); // Its models are loaded once, as the library's is.
      const ours = { name: "Headway", round: () => embedded(headway) };
      const peer = { name: "the bare library, one process", round: bare };
      const outcomes = await interleave([ours, peer], ROUNDS, say);
      const settings = `${CHUNKS} chunks of 900 characters; the library's batches are of ${BATCH}`;
      return [
        against("B10", "chunks a second", outcomes.get(ours.name)!, {
          name: peer.name,
          outcome: outcomes.get(peer.name)!,
          times: 0.9,
          settings,
        }),
      ];
    } finally {
      await headway.stop();
      await servers.stop();
    }
  },
};

/** Chunks a second, from the submission to the settled job. */
async function embedded(headway: Headway): Promise<number> {
  const documents = Array.from({ length: DOCUMENTS }, (_, n) => ({
    name: `d${n}.txt`,
    text: Array.from({ length: CHUNKS_A_DOCUMENT }, (_, m) => chunkText(n * CHUNKS_A_DOCUMENT + m)).join("\n\n"),
  }));
  const collectionId = await headway.collectionWith(documents);
  const startedAt = performance.now();
  await headway.settled(await headway.submit(collectionId, "documents", { options: { graph: false } }));
  const seconds = (performance.now() - startedAt) / 1_000;
  const { collection } = await headway.client.query<{ collection: { chunksWithEmbeddings: number } }>(
    "query($id: ID!) { collection(id: $id) { chunksWithEmbeddings } }",
    { id: collectionId },
  );
  return collection.chunksWithEmbeddings / seconds;
}

async function bare(): Promise<number> {
  const child = fork(new URL("./peers/embed-child.js", import.meta.url), {
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  try {
    child.send({ texts: Array.from({ length: CHUNKS }, (_, n) => chunkText(n)), batch: BATCH });
    const [seconds] = (await once(child, "message")) as [number];
    return CHUNKS / seconds;
  } finally {
    child.kill("SIGKILL");
  }
}
