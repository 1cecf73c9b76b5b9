import { of } from "./of.mjs";

const STREAM = ["engine/stream"];

export default [
  ...of("src/engine/stream/stream.ts", STREAM, [
    [
      "a subscription joins although the reader has moved",
      "if (feed.place !== null) return feed.place === reached;",
      "if (feed.place !== null) return true;",
    ],
    ["the first of a feed never joins", "feed.place = subscription.place; return true;", "return false;"],
    ["a cursor of another database is honoured", "if (cause !== null) ({ gap", "if (false) ({ gap"],
    [
      "changes are for everybody of the collection",
      "one.push(list.filter((row) => isInScope(row, one.scope)))",
      "one.push(list)",
    ],
    [
      "the reader stays where it is",
      "feed.place = positionOf(feed.kind, list.at(-1)!)",
      "positionOf(feed.kind, list.at(-1)!)",
      { was: "feed.place = positionOf(feed.kind, list.at(-1)", becomes: "positionOf(feed.kind, list.at(-1)" },
    ],
    ["a full page is taken for the last", "if (rows.length === PAGE) continue;", ""],
    [
      "what an older transaction holds back is left to the poll",
      "if (await isMoreToCome(this.#db, feeds)) this.#wakeLater();",
      "",
    ],
    ["a subscription that has ended is kept", "feed.subscriptions.delete(subscription);", ""],
  ]),
  ...of("src/engine/stream/subscription.ts", STREAM, [
    [
      "a slow client gets what it is behind with in any case",
      "if (this.#rows.length + rows.length > MAX_KEPT) {",
      "if (false) {",
      {
        harmless:
          "without its bound the list grows with the client's delay; test/faults/long/f23-slow-subscriber.test.ts measures memory",
      },
    ],
    ["what it has had comes again", "rows.filter((row) => isAfter(this.#kind, row, place))", "rows"],
    [
      "rows come although it does not follow yet",
      "if (!this.#live || this.#closed) return;",
      "if (this.#closed) return;",
    ],
    ["it waits though it has just read something", "return !this.#live || rows.length > 0;", "return !this.#live;"],
    ["who leaves while it waits is not told", "this.#deps.onClose(); this.#wake.raise();", "this.#deps.onClose();"],
    ["a full page is taken for the last", "if (rows.length === PAGE) return true;", ""],
  ]),
  ...of("src/engine/stream/feed.ts", STREAM, [
    [
      "a project's stream passes over what commits late",
      "and s.tx < pg_snapshot_xmin(pg_current_snapshot()) order by",
      "order by",
    ],
    [
      "changes come in no order",
      "s.position > w.position order by s.position limit",
      "s.position > w.position order by s.position desc limit",
    ],
  ]),
  ...of("src/engine/stream/history.ts", STREAM, [
    ["a project's stream catches up past what commits late", "and s.tx < pg_snapshot_xmin(pg_current_snapshot())", ""],
    ["the last change handed out comes again", "and s.position > $3", "and s.position >= $3"],
    ["a job's changes are the collection's", 'if (scope.kind === "job") return row.jobId === scope.jobId;', ""],
  ]),
  ...of("src/engine/stream/position.ts", STREAM, [
    [
      "two changes of one transaction are one",
      "tx === reached ? BigInt(row.position) > BigInt(place.position) : tx > reached",
      "tx > reached",
    ],
  ]),
];
