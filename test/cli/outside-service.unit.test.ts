import { expect, test } from "@jest/globals";
import outsideService from "../../src/cli/demo/outside-service.js";
import { runPipeline } from "../../src/testing.js";

test("the service that the demo plays is down for some at their first attempt, answers at the second, and starts one call in three seconds", async () => {
  const { status, documents } = await runPipeline(outsideService, {
    "0.txt": "three words here",
    "1.txt": "three words here",
  });
  expect(status).toBe("COMPLETED");
  const calls = documents.map(({ attempts }) => attempts.filter(({ stage }) => stage === "call"));
  expect(calls.map((tries) => tries.map(({ error, output }) => error?.message ?? output))).toEqual([
    ["The service answered 503 Service Unavailable.", { words: 3 }],
    [{ words: 3 }],
  ]);
  expect(outsideService.documentStages[1]).toMatchObject({ rateLimit: { limit: 1, perMs: 3_000 } });
});
