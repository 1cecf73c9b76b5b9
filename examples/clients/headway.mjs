// The client that comes with Headway: what others build, it brings.
//   node examples/clients/headway.mjs --url http://127.0.0.1:4000 --key hw_…
import { AddDocuments, createClient, CreateCollection, GetJob, ListTasks } from "headway-api/client";
import { DOCUMENTS, isSettled, PAGE_SIZE, readSettings } from "./settings.mjs";

const { httpUrl, key, pipeline, name } = readSettings();
const client = createClient({ url: httpUrl, key });

async function example() {
  const { collection } = await client.mutate(CreateCollection, { input: { name } });
  const collectionId = collection.id;
  await client.mutate(AddDocuments, { input: { collectionId, documents: DOCUMENTS } });
  const { jobId } = await client.submit({ collectionId, pipeline });
  let received = 0;
  // From the job's first change to its end, however often the connection breaks.
  for await (const event of client.follow(jobId)) if (event.__typename === "StatusChange") received += 1;

  const { job } = await client.run(GetJob, { id: jobId });
  if (!isSettled(job.status)) throw new Error("The stream ended before the job did.");
  const pages = [];
  for (let after = null; after !== undefined;) {
    const { tasks } = (await client.run(ListTasks, { jobId, first: PAGE_SIZE, after })).job;
    pages.push(tasks.nodes.map(({ documentName, status }) => [documentName, status]));
    after = tasks.pageInfo.hasNextPage ? tasks.pageInfo.endCursor : undefined;
  }
  const { total, completed, failed } = job.counts;
  const errors = job.errorGroups.map(({ code, stage, count }) => [code, stage, count]);
  return {
    client: "headway",
    collectionId,
    jobId,
    status: job.status,
    changes: { received },
    summary: { total, completed, failed, errors },
    pages: pages.map((page) => page.length),
    tasks: pages.flat(),
  };
}

try {
  console.log(JSON.stringify(await example()));
} catch (error) {
  console.error(error.userErrors ? `${error.code}: ${error.message}` : error.message);
  process.exitCode = 1;
} finally {
  await client.close();
}
