import { createInProcessDispatcher } from "../../src/dispatch/in-process.js";
import { until } from "../support/until.js";
import { describeDispatcher, hint } from "./conformance.js";

describeDispatcher("in-process", async () => createInProcessDispatcher());

describe("in-process dispatcher only", () => {
  test("refuses hints past its limit instead of growing", async () => {
    const dispatcher = createInProcessDispatcher();
    const many = Array.from({ length: 100_000 }, () => hint({ tasks: [] }));
    expect(await dispatcher.send(many)).toBe(100_000);
    expect(await dispatcher.send([hint()])).toBe(0);
    await dispatcher.close();
  });

  test("reports what a handler throws", async () => {
    const errors: Error[] = [];
    const dispatcher = createInProcessDispatcher({ onError: (error) => errors.push(error) });
    await dispatcher.consume({
      pipelines: ["letters"],
      concurrency: 1,
      onHint: () => Promise.reject(new Error("why")),
    });
    await dispatcher.send([hint()]);
    await until("the error", () => errors.length === 1);
    expect(errors[0]?.message).toBe("why");
    await dispatcher.close();
  });
});
