import { randomUUID } from "node:crypto";
import { DISPATCH_DEADLINE_MS, type Dispatcher, type Hint } from "../../src/dispatch/dispatcher.js";
import { until } from "../support/until.js";

/** One second of deadline, and what a busy machine may add. */
export const BOUND_MS = DISPATCH_DEADLINE_MS + 400;

export function hint(facts: Partial<Hint> = {}): Hint {
  return { pipeline: "letters", tasks: [{ id: randomUUID(), fence: "0" }], priority: 0, delayMs: 0, ...facts };
}

export function firstTask(sent: Hint): string {
  return sent.tasks[0]?.id ?? "";
}

/** A handler that notes what it gets and settles when it is let. */
export function gatedHandler(): {
  readonly got: string[];
  readonly runningNow: () => number;
  readonly mostAtOnce: () => number;
  readonly onHint: (hint: Hint) => Promise<void>;
  readonly letOne: () => void;
  readonly letAll: () => void;
} {
  const got: string[] = [];
  let waiting: (() => void)[] = [];
  let open = false;
  let running = 0;
  let most = 0;
  return {
    got,
    runningNow: () => running,
    mostAtOnce: () => most,
    onHint: async (received) => {
      got.push(firstTask(received));
      running += 1;
      most = Math.max(most, running);
      if (!open) await new Promise<void>((resolve) => waiting.push(resolve));
      running -= 1;
    },
    letOne: () => waiting.shift()?.(),
    letAll: () => {
      open = true;
      for (const resolve of waiting) resolve();
      waiting = [];
    },
  };
}

/** What every dispatcher guarantees; `make` gives a new one that shares nothing with those before. */
export function describeDispatcher(name: string, make: () => Promise<Dispatcher>): void {
  describe(`${name} dispatcher`, () => {
    let dispatcher: Dispatcher;
    beforeEach(async () => {
      dispatcher = await make();
    });
    afterEach(async () => {
      await dispatcher.close();
    });

    test("delivers a hint as it was sent", async () => {
      const received: Hint[] = [];
      await dispatcher.consume({ pipelines: ["letters"], concurrency: 1, onHint: async (h) => void received.push(h) });
      const tasks = [1, 2, 3].map((fence) => ({ id: randomUUID(), fence: String(fence) }));
      const sent = hint({ tasks, priority: 7 });
      expect(await dispatcher.send([sent])).toBe(1);
      await until("one hint", () => received.length === 1);
      expect(received[0]).toEqual(sent);
    });

    test("keeps what was sent before anyone consumed", async () => {
      const sent = [hint(), hint()];
      expect(await dispatcher.send(sent)).toBe(2);
      const handler = gatedHandler();
      handler.letAll();
      await dispatcher.consume({ pipelines: ["letters"], concurrency: 2, onHint: handler.onHint });
      await until("two hints", () => handler.got.length === 2);
      expect([...handler.got].sort()).toEqual(sent.map(firstTask).sort());
    });

    test("delivers each of many hints once, over two consumers", async () => {
      const first = gatedHandler();
      const second = gatedHandler();
      first.letAll();
      second.letAll();
      await dispatcher.consume({ pipelines: ["letters"], concurrency: 4, onHint: first.onHint });
      await dispatcher.consume({ pipelines: ["letters"], concurrency: 4, onHint: second.onHint });
      const sent = Array.from({ length: 200 }, () => hint());
      expect(await dispatcher.send(sent)).toBe(200);
      await until("200 hints", () => first.got.length + second.got.length >= 200);
      expect([...first.got, ...second.got].sort()).toEqual(sent.map(firstTask).sort());
    });

    test("delivers a higher priority first, and the older of two equals", async () => {
      const handler = gatedHandler();
      await dispatcher.consume({ pipelines: ["letters"], concurrency: 1, onHint: handler.onHint });
      const blocker = hint();
      await dispatcher.send([blocker]);
      await until("the blocker runs", () => handler.runningNow() === 1);
      const [low, plain, younger, high] = [
        hint({ priority: -100 }),
        hint({ priority: 0 }),
        hint({ priority: 0 }),
        hint({ priority: 100 }),
      ];
      for (const sent of [low, plain, younger, high]) await dispatcher.send([sent as Hint]);
      handler.letAll();
      await until("five hints", () => handler.got.length === 5);
      expect(handler.got).toEqual([blocker, high, plain, younger, low].map((h) => firstTask(h as Hint)));
    });

    test("does not deliver before the delay is over, and holds nothing up meanwhile", async () => {
      const at = new Map<string, number>();
      await dispatcher.consume({
        pipelines: ["letters"],
        concurrency: 1,
        onHint: async (h) => void at.set(firstTask(h), Date.now()),
      });
      const late = hint({ delayMs: 600 });
      const now = hint();
      const sentAt = Date.now();
      await dispatcher.send([late, now]);
      await until("both hints", () => at.size === 2);
      expect((at.get(firstTask(late)) ?? 0) - sentAt).toBeGreaterThanOrEqual(595);
      expect(at.get(firstTask(now)) ?? Infinity).toBeLessThan(at.get(firstTask(late)) ?? 0);
    });

    test("delivers only the pipelines a consumer asked for", async () => {
      const letters = gatedHandler();
      letters.letAll();
      await dispatcher.consume({ pipelines: ["letters", "notes"], concurrency: 1, onHint: letters.onHint });
      const others = [hint({ pipeline: "invoices" })];
      const wanted = [hint(), hint({ pipeline: "notes" })];
      await dispatcher.send([...others, ...wanted]);
      await until("two hints", () => letters.got.length === 2);
      expect([...letters.got].sort()).toEqual(wanted.map(firstTask).sort());
      const invoices = gatedHandler();
      invoices.letAll();
      await dispatcher.consume({ pipelines: ["invoices"], concurrency: 1, onHint: invoices.onHint });
      await until("the other hint", () => invoices.got.length === 1);
    });

    test("runs at most `concurrency` handlers of a consumer at once, over all its pipelines", async () => {
      const handler = gatedHandler();
      await dispatcher.consume({ pipelines: ["letters", "notes"], concurrency: 3, onHint: handler.onHint });
      const sent = Array.from({ length: 12 }, (_, i) => hint({ pipeline: i % 2 === 0 ? "letters" : "notes" }));
      await dispatcher.send(sent);
      await until("three run", () => handler.runningNow() === 3);
      for (let let_ = 1; let_ <= 12; let_ += 1) {
        handler.letOne();
        await until(`${let_} went on`, () => handler.got.length === Math.min(12, 3 + let_));
      }
      expect(handler.mostAtOnce()).toBe(3);
    });

    test("goes on when a handler throws", async () => {
      const got: string[] = [];
      await dispatcher.consume({
        pipelines: ["letters"],
        concurrency: 1,
        onHint: async (h) => {
          got.push(firstTask(h));
          if (got.length === 1) throw new Error("a handler's fault");
        },
      });
      await dispatcher.send([hint()]);
      await dispatcher.send([hint()]);
      await until("two hints", () => got.length === 2);
    });

    test("takes a hint again after it was delivered", async () => {
      const handler = gatedHandler();
      handler.letAll();
      await dispatcher.consume({ pipelines: ["letters"], concurrency: 1, onHint: handler.onHint });
      const again = hint();
      await until("it came twice", async () => {
        await dispatcher.send([again]);
        return handler.got.length >= 2;
      });
    });

    test("a closed consumer gets nothing more, and another one does", async () => {
      const closed = gatedHandler();
      const consumer = await dispatcher.consume({ pipelines: ["letters"], concurrency: 1, onHint: closed.onHint });
      await consumer.close();
      await consumer.close();
      const sent = hint();
      await dispatcher.send([sent]);
      const open = gatedHandler();
      open.letAll();
      await dispatcher.consume({ pipelines: ["letters"], concurrency: 1, onHint: open.onHint });
      await until("the other consumer has it", () => open.got.length === 1);
      expect(closed.got).toEqual([]);
    });

    test("closing a consumer waits for a running handler, but no longer than the deadline", async () => {
      let finished = false;
      let started = false;
      const quick = await dispatcher.consume({
        pipelines: ["letters"],
        concurrency: 1,
        onHint: async () => {
          started = true;
          await new Promise((resolve) => setTimeout(resolve, 200));
          finished = true;
        },
      });
      await dispatcher.send([hint()]);
      await until("the handler runs", () => started);
      await quick.close();
      expect(finished).toBe(true);

      const handler = gatedHandler();
      const stuck = await dispatcher.consume({ pipelines: ["letters"], concurrency: 1, onHint: handler.onHint });
      await dispatcher.send([hint()]);
      await until("the stuck handler runs", () => handler.runningNow() === 1);
      const before = Date.now();
      await stuck.close();
      expect(Date.now() - before).toBeLessThan(BOUND_MS);
      handler.letAll();
    });

    test("answers a ping, until it is closed", async () => {
      expect(await dispatcher.ping()).toBe(true);
      await dispatcher.close();
      expect(await dispatcher.ping()).toBe(false);
    });

    test("closed, it takes no hint and does not throw; closing again is nothing", async () => {
      const handler = gatedHandler();
      await dispatcher.consume({ pipelines: ["letters"], concurrency: 1, onHint: handler.onHint });
      await dispatcher.send([hint(), hint()]);
      await until("a handler runs", () => handler.runningNow() === 1);
      const before = Date.now();
      await dispatcher.close();
      await dispatcher.close();
      expect(Date.now() - before).toBeLessThan(BOUND_MS);
      expect(await dispatcher.send([hint()])).toBe(0);
      handler.letAll();
    });

    test("the sender does not wait for what a handler does before its first await", async () => {
      const order: string[] = [];
      await dispatcher.consume({ pipelines: ["letters"], concurrency: 1, onHint: async () => void order.push("ran") });
      const sending = dispatcher.send([hint()]);
      order.push("sent");
      await sending;
      await until("the handler ran", () => order.length === 2);
      expect(order).toEqual(["sent", "ran"]);
    });

    test("an empty send is nothing", async () => {
      expect(await dispatcher.send([])).toBe(0);
    });
  });
}
