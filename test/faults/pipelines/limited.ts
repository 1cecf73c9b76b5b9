import { definePipeline, RetryLater, type DocumentContext } from "../../../src/index.js";

/** Asks an API that takes so much at once, and so much in a time; what it says to come back later for is put off. */
export default definePipeline({
  name: "limited",
  version: 1,
  documentStages: [
    { name: "read", run: async (ctx: DocumentContext) => ({ text: await ctx.document.text() }) },
    {
      name: "ask",
      concurrency: 3,
      rateLimit: { limit: 10, perMs: 1_000 },
      run: async (ctx: DocumentContext) => {
        const response = await fetch(await urlOf(ctx), { signal: ctx.signal });
        await response.text();
        if (response.status === 429) {
          throw new RetryLater(Number(response.headers.get("retry-after")) * 1_000, "The API is busy.");
        }
        if (!response.ok) throw new Error(`The API answered ${response.status}.`);
        return { asked: true };
      },
    },
    { name: "write", run: async () => ({ done: true }) },
  ],
});

/** The documents' texts begin in the same way; where the API is stands in the collection's tags. */
async function urlOf({ job }: DocumentContext): Promise<string> {
  const [url] = job.tags;
  if (url === undefined) throw new Error("Submit with the URL of the API as the tag.");
  return url;
}
