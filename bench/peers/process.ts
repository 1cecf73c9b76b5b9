import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Contestant } from "../bench.js";
import type { PeerServers } from "./peer.js";
import type { Order, Report } from "./serve.js";

export interface PeerProcess extends Contestant {
  stop(): Promise<void>;
}

/** A round that takes longer will not end. */
const ROUND_DEADLINE_MS = 180_000;

/**
 * Starts the peer of peers/<file>.ts in a process of its own, and warms it up with a tenth of a round. One that does not
 * start is a contestant all the same, whose rounds say why: it will be shown as "not run".
 */
export async function startPeer(
  name: string,
  file: string,
  servers: PeerServers,
  documents: number,
): Promise<PeerProcess> {
  const child = fork(fileURLToPath(new URL("serve.js", import.meta.url)), [file], {
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  const exit = once(child, "exit");
  const order = async (what: Order): Promise<number> => {
    if (child.exitCode !== null) throw new Error(`its process has ended with code ${child.exitCode}`);
    child.send(what);
    const report = await Promise.race([
      once(child, "message").then(([message]) => message as Report),
      exit.then(() => ({ error: "its process ended in the middle" })),
      late(),
    ]);
    if ("error" in report) throw new Error(report.error);
    return report.ms;
  };
  let failure: unknown = null;
  try {
    await order({ do: "start", ...servers });
    await order({ do: "round", documents: Math.ceil(documents / 10) });
  } catch (error) {
    failure = error;
  }
  return {
    name,
    async round() {
      if (failure !== null) throw failure;
      return documents / ((await order({ do: "round", documents })) / 1_000);
    },
    async stop() {
      await Promise.race([order({ do: "stop" }).catch(() => {}), exit]);
      child.kill("SIGKILL");
      await exit;
    },
  };
}

function late(): Promise<Report> {
  return new Promise((resolve) => {
    setTimeout(
      () => resolve({ error: `it did not answer within ${ROUND_DEADLINE_MS / 1_000} s` }),
      ROUND_DEADLINE_MS,
    ).unref();
  });
}
