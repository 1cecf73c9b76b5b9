// One subscription for a shell: prints every change of a job as a line of JSON and ends when the job is settled.
//   node examples/clients/subscribe.mjs --url http://127.0.0.1:4000 --key hw_… JOB CURSOR
import WebSocket from "ws";
import { followChanges } from "../client/follow.mjs";
import { isSettled, readSettings, whatWentWrong } from "./settings.mjs";

try {
  const { socketUrl, authorization, operands } = readSettings();
  const [jobId, after] = operands;
  if (after === undefined) throw new Error("Say which job, and a cursor from streamCursor to begin behind.");
  const scope = { jobId };
  for await (const event of followChanges({
    url: socketUrl,
    webSocketImpl: WebSocket,
    scope,
    after,
    ...authorization,
  })) {
    console.log(JSON.stringify(event));
    if (event.entityType === "JOB" && isSettled(event.toStatus)) break;
  }
} catch (error) {
  console.error(whatWentWrong(error));
  process.exitCode = 1;
}
