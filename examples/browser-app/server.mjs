// A web app on Headway: its page uploads files, submits them and follows the job, with a key of its own.
//   HEADWAY_URL=http://127.0.0.1:4000 HEADWAY_KEY=hw_… node examples/browser-app/server.mjs
import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { createClient, CreateBrowserKey, CreateCollection } from "headway-api/client";

const { HEADWAY_URL: url = "http://127.0.0.1:4000", HEADWAY_KEY, PORT = "3000" } = process.env;
const headway = createClient({ url, key: HEADWAY_KEY });

/** A collection for one visitor and a key for it. In an app with accounts, check first who is asking. */
async function newSession() {
  const { collection } = await headway.mutate(CreateCollection, {
    input: { name: `Upload ${randomUUID()}`, expiresInDays: 7 },
  });
  const { key, expiresAt } = await headway.mutate(CreateBrowserKey, {
    input: {
      collectionId: collection.id,
      permissions: ["READ", "UPLOAD", "SUBMIT"],
      pipelines: ["documents"],
      expiresInMinutes: 60,
      maxFiles: 20,
      maxBytes: 50_000_000,
    },
  });
  return { url, key, expiresAt, collectionId: collection.id };
}

/** The modules that the page imports. An app with a bundler imports "headway-api/client" and needs none of this. */
const MODULES = {
  "/headway/": path.dirname(fileURLToPath(import.meta.resolve("headway-api/client"))),
  "/graphql-ws/": path.dirname(fileURLToPath(import.meta.resolve("graphql-ws/client"))),
};

async function answer(request, response) {
  const { pathname } = new URL(request.url, "http://page");
  if (pathname === "/" && request.method === "GET") {
    const page = await readFile(new URL("page.html", import.meta.url));
    return response.setHeader("content-type", "text/html; charset=utf-8").end(page);
  }
  if (pathname === "/session" && request.method === "POST") {
    return response.setHeader("content-type", "application/json").end(JSON.stringify(await newSession()));
  }
  const folder = Object.keys(MODULES).find((prefix) => pathname.startsWith(prefix));
  if (folder && pathname.endsWith(".js")) {
    const script = await readFile(path.join(MODULES[folder], pathname.slice(folder.length)));
    return response.setHeader("content-type", "text/javascript").end(script);
  }
  return response.writeHead(404).end();
}

const server = createServer((request, response) => {
  answer(request, response).catch((error) => {
    console.error(error);
    response.writeHead(502).end();
  });
});
server.listen(Number(PORT), "127.0.0.1", () => console.log(`Open http://127.0.0.1:${server.address().port}/`));
