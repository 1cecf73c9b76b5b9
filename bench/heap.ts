import { once } from "node:events";
import { WebSocket } from "ws";
import type { HeadwayProcess } from "../test/support/processes.js";

/** What a process that is to be asked for its heap is started with. */
export const INSPECTED = { NODE_OPTIONS: "--inspect=127.0.0.1:0" };

/**
 * What a process holds after a full collection of garbage, heap and buffers, in bytes; resident memory would show what
 * the collector has not given back. By the inspector's protocol.
 * @throws when the process was not started INSPECTED
 */
export async function heldBytes(process: HeadwayProcess): Promise<number> {
  const address = /Debugger listening on (ws:\S+)/.exec(process.output())?.[1];
  if (address === undefined) throw new Error("The process has no inspector.");
  const socket = new WebSocket(address);
  await once(socket, "open");
  let asked = 0;
  const ask = async (method: string, params: object = {}): Promise<{ result: { value: number } }> => {
    asked += 1;
    const id = asked;
    socket.send(JSON.stringify({ id, method, params }));
    for (;;) {
      const [data] = (await once(socket, "message")) as [Buffer];
      const answer = JSON.parse(data.toString()) as { id?: number; result: { result: { value: number } } };
      if (answer.id === id) return answer.result;
    }
  };
  try {
    await ask("HeapProfiler.collectGarbage");
    const expression = "(({ heapUsed, external }) => heapUsed + external)(process.memoryUsage())";
    return (await ask("Runtime.evaluate", { expression })).result.value;
  } finally {
    socket.terminate();
  }
}
