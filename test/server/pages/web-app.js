// What a web app does with the API, in a browser and without a library; its page calls it.

/** Asks, and hands back the data. */
async function ask({ url, key }, query, variables = {}) {
  const answer = await fetch(`${url}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${key}` },
    body: JSON.stringify({ query, variables }),
  });
  const { data, errors } = await answer.json();
  if (errors) throw new Error(errors[0].message);
  return data;
}

/** The last status of a job that is followed until it is settled. */
function follow({ url, key }, jobId) {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`${url.replace("http", "ws")}/graphql`, "graphql-transport-ws");
    const send = (message) => socket.send(JSON.stringify(message));
    const query = "subscription ($id: ID!) { jobProgress(jobId: $id) { status } }";
    let last = "";
    socket.addEventListener("error", () => reject(new Error("the socket failed")));
    socket.addEventListener("open", () =>
      send({ type: "connection_init", payload: { authorization: `Bearer ${key}` } }),
    );
    socket.addEventListener("message", ({ data }) => {
      const { type, payload } = JSON.parse(data);
      if (type === "connection_ack") send({ id: "1", type: "subscribe", payload: { query, variables: { id: jobId } } });
      if (type === "next") last = payload.data.jobProgress.status;
      if (type === "error") reject(new Error(JSON.stringify(payload)));
      if (type !== "complete") return;
      socket.close();
      resolve(last);
    });
  });
}

/** From a file to a part of what came of it. */
async function wholeWay(api, collection) {
  const authorization = `Bearer ${api.key}`;
  const { createUploads } = await ask(
    api,
    'mutation { createUploads(input: { files: [{ name: "a.txt", sizeBytes: 7 }] }) { uploads { id url } } }',
  );
  const [upload] = createUploads.uploads;
  const body = new Blob(["quietly"]);
  const sent = await fetch(upload.url, { method: "PUT", headers: { authorization }, body });
  const { createCollection } = await ask(
    api,
    "mutation ($name: String!) { createCollection(input: { name: $name }) { collection { id } } }",
    { name: collection },
  );
  const { id } = createCollection.collection;
  const documents = [{ name: "a.txt", uploadId: upload.id }];
  await ask(api, "mutation ($input: AddDocumentsInput!) { addDocuments(input: $input) { userErrors { message } } }", {
    input: { collectionId: id, documents },
  });
  const { submitJob } = await ask(
    api,
    "mutation ($input: SubmitJobInput!) { submitJob(input: $input) { job { id } } }",
    { input: { collectionId: id, pipeline: "shout" } },
  );
  const jobId = submitJob.job.id;
  const status = await follow(api, jobId);
  const { job } = await ask(api, "query ($id: ID!) { job(id: $id) { artifacts { nodes { url } } } }", { id: jobId });
  const part = await fetch(job.artifacts.nodes[0].url, { headers: { authorization, range: "bytes=0-4" } });
  const names = ["etag", "content-range", "accept-ranges", "content-disposition"];
  return {
    sent: sent.status,
    status,
    part: await part.text(),
    headers: names.map((name) => part.headers.get(name)),
  };
}

/** Whether this page may read what is there. */
async function canRead(url) {
  try {
    await fetch(url);
    return true;
  } catch {
    return false; // A browser tells a page no more than that.
  }
}

Object.assign(window, { app: { ask, follow, wholeWay, canRead } });
