import { documentsAt, exampleDocuments } from "./example-documents.js";
import type { Demo, DemoEnd } from "./demo-job.js";
import { plain, say } from "../print.js";

const SEARCH = "how to retry failed work";

/** Documents of every kind, or those at the paths given, until search finds them. */
export async function documentsDemo(paths: readonly string[], limitBytes: number): Promise<Demo> {
  const found = paths.length > 0 ? await documentsAt(paths, limitBytes) : await exampleDocuments(limitBytes);
  return { pipeline: "documents", options: {}, found, show: search };
}

async function search({ client, collectionId }: DemoEnd): Promise<{ chunks: number; searchHits: number }> {
  const result = await client.query<{
    collection: { chunkCount: number };
    search: { score: number; chunk: { text: string; document: { name: string } } }[];
  }>(
    `query ($id: ID!, $query: String!) { collection(id: $id) { chunkCount }
       search(collectionId: $id, query: $query, first: 5) { score chunk { text document { name } } } }`,
    { id: collectionId, query: SEARCH },
  );
  say(`\n  search "${SEARCH}" over ${result.collection.chunkCount} chunks`);
  for (const { score, chunk } of result.search) {
    say(`  ${score.toFixed(3)}  ${plain(chunk.document.name)}: ${plain(chunk.text).slice(0, 90)}`);
  }
  return { chunks: result.collection.chunkCount, searchHits: result.search.length };
}
