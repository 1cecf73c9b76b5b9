// What the service behind a page does: it has a key of its own (OPERATOR), makes a collection for the person who is signed
// in, and hands the page a key that opens that collection alone, for a while.
//   node make-key.mjs [--url http://127.0.0.1:4000] [--key hw_…] [--collection NAME] [--minutes 60] [--page URL]
import { existsSync, readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { createClient, CreateBrowserKey, CreateCollection } from "headway-api/client";

// Where `npm start` in the root of the repository keeps its key.
const DEVELOPMENT_KEY = new URL("../../.headway/development-key", import.meta.url);

const { url, key, collection, minutes, page } = parseArgs({
  options: {
    url: { type: "string", default: process.env.HEADWAY_URL ?? "http://127.0.0.1:4000" },
    key: { type: "string", default: process.env.HEADWAY_KEY ?? developmentKey() },
    collection: { type: "string", default: "web" },
    minutes: { type: "string", default: "60" },
    page: { type: "string", default: "http://localhost:5173/" },
  },
}).values;

function developmentKey() {
  return existsSync(DEVELOPMENT_KEY) ? readFileSync(DEVELOPMENT_KEY, "utf8").trim() : undefined;
}

const client = createClient({ url, key });
try {
  const { createCollection } = await client.run(CreateCollection, { input: { name: collection } });
  const found = createCollection.collection ?? createCollection.existing;
  if (!found) throw new Error(createCollection.userErrors[0].message);
  const made = await client.mutate(CreateBrowserKey, {
    input: {
      collectionId: found.id,
      expiresInMinutes: Number(minutes),
      permissions: ["READ", "UPLOAD", "SUBMIT", "CANCEL", "RETRY"],
      // SUBMIT is for the pipelines named here. `options` would fix theirs, such as { ocr: false }.
      pipelines: ["documents"],
      maxFiles: 1_000,
      maxBytes: 2_000_000_000,
    },
  });
  console.log(`${page}#${new URLSearchParams({ server: url, collection: found.id, key: made.key })}`);
  console.error(`The key is good until ${made.expiresAt}, for the collection "${collection}".`);
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
} finally {
  await client.close();
}
