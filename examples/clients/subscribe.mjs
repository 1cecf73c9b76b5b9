// One subscription for a shell: prints every change of a job as a line of JSON and ends when the job is settled.
//   node examples/clients/subscribe.mjs --url http://127.0.0.1:4000 --key hw_… JOB CURSOR
import { createClient } from "graphql-ws";
import WebSocket from "ws";
import { isSettled, readSettings, whatWentWrong } from "./settings.mjs";

const query = `subscription ($jobId: ID!, $after: String) {
  statusChanges(jobId: $jobId, after: $after) {
    ... on StatusChange { cursor entityType entityId toStatus toStage reason message version }
    ... on StreamGap { resumeAt }
  }
}`;

/** Prints what the stream gives until the job is settled. Null then; after a gap, the cursor from where to go on. */
async function follow(socket, jobId, after) {
  for await (const { data, errors } of socket.iterate({ query, variables: { jobId, after } })) {
    if (errors) throw new Error(errors[0].message);
    const event = data.statusChanges;
    console.log(JSON.stringify(event));
    if (event.resumeAt !== undefined) return event.resumeAt;
    if (event.entityType === "JOB" && isSettled(event.toStatus)) return null;
  }
  throw new Error("The stream ended before the job did.");
}

try {
  const { socketUrl, authorization, operands } = readSettings();
  const [jobId, cursor] = operands;
  if (cursor === undefined) throw new Error("Say which job, and a cursor from streamCursor to begin behind.");
  const socket = createClient({ url: socketUrl, webSocketImpl: WebSocket, connectionParams: authorization });
  let after = cursor;
  while (after !== null) after = await follow(socket, jobId, after);
  await socket.dispose();
} catch (error) {
  console.error(whatWentWrong(error));
  process.exitCode = 1;
}
