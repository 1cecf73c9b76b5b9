import { randomBytes } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { createClient } from "graphql-ws";
import WebSocket from "ws";
import { startHeadway } from "../support/processes.js";
import { until } from "../support/until.js";

interface Span {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly status?: { readonly code?: number };
  readonly links?: readonly { readonly traceId: string; readonly spanId: string }[];
}

const SECRET = randomBytes(9).toString("hex");
const PIPELINE = `import { pipeline } from "headway-api";

const ask = async (ctx) => {
  await (await fetch(process.env.ASKED ?? ctx.job.tags[0], { headers: { "x-stage": ctx.task.stage } })).text();
  return { traceparent: ctx.traceparent };
};
export default pipeline({ name: "asks", version: 1 })
  .document("here", { run: ask })
  .document("apart", { isolate: true, memoryLimitMiB: 64, run: ask })
  .document("fail", { maxAttempts: 1, run: async () => {
    throw new Error("refused: ${SECRET}");
  } })
  .build();
`;

let folder: string;
/** A collector of OTLP, and an outside API: what each was sent. */
let server: Server;
const spans: Span[] = [];
const services = new Set<string>();
const asked: IncomingHttpHeaders[] = [];
let received = "";
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "headway-tracing-"));
  await writeFile(path.join(folder, "asks.mjs"), PIPELINE);
  server = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (part: string) => (body += part));
    request.on("end", () => {
      if (request.url === "/v1/traces") take(body);
      else asked.push(request.headers);
      response.setHeader("content-type", "application/json").end("{}");
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await rm(folder, { recursive: true, force: true });
});

function take(body: string): void {
  received += body;
  for (const { resource, scopeSpans } of JSON.parse(body).resourceSpans) {
    for (const { key, value } of resource.attributes) if (key === "service.name") services.add(value.stringValue);
    for (const scope of scopeSpans) spans.push(...scope.spans);
  }
}

test("one trace goes from whoever submitted a job through its tasks and stages to what these ask of others", async () => {
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const headway = await startHeadway({
    HEADWAY_PIPELINES: folder,
    HEADWAY_DATA_DIR: path.join(folder, "data"),
    OTEL_EXPORTER_OTLP_ENDPOINT: url,
    OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
    OTEL_BSP_SCHEDULE_DELAY: "100",
    OTEL_SERVICE_NAME: "headway-in-a-test",
  });
  const [traceId, spanId] = [randomBytes(16).toString("hex"), randomBytes(8).toString("hex")];
  const mutate = async (query: string, variables: object, headers: object = {}): Promise<any> => {
    const response = await fetch(`${headway.url}/graphql`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${headway.key}`, ...headers },
      body: JSON.stringify({ query, variables }),
    });
    return ((await response.json()) as { data: unknown }).data;
  };
  try {
    const { createCollection } = await mutate(
      'mutation { createCollection(input: { name: "traced" }) { collection { id } } }',
      {},
    );
    const collectionId = createCollection.collection.id;
    await mutate(
      'mutation ($id: ID!) { addDocuments(input: { collectionId: $id, documents: [{ name: "a", text: "a" }] }) { userErrors { code } } }',
      { id: collectionId },
    );
    await mutate(
      "mutation ($input: SubmitJobInput!) { submitJob(input: $input) { job { id } userErrors { message } } }",
      { input: { collectionId, pipeline: "asks", tags: [url] } },
      { traceparent: `00-${traceId}-${spanId}-01` },
    );
    const own = (): Span[] => spans.filter((span) => span.traceId === traceId);
    await until("all spans of the job have come", () => {
      const names = own().map(({ name }) => name);
      return ["POST /graphql", "submit", "task", "stage fail"].every((name) => names.includes(name));
    });
    await until("a flush is linked to it", () =>
      spans.some(({ name, links }) => name === "flush" && links?.some((link) => link.traceId === traceId)),
    );
    const byId = new Map(own().map((span) => [span.spanId, span]));
    /** From a span up to whoever submitted. */
    const wayOf = (span: Span): string[] => {
      const parent = byId.get(span.parentSpanId ?? "");
      return [span.name, ...(parent ? wayOf(parent) : [span.parentSpanId === spanId ? "submitter" : "nobody"])];
    };
    const up = ["task", "submit", "POST /graphql", "submitter"];
    const named = (name: string): Span => own().find((span) => span.name === name)!;
    for (const stage of ["here", "apart", "fail"]) {
      expect(wayOf(named(`stage ${stage}`))).toEqual([`stage ${stage}`, ...up]);
    }
    // What a stage asks of others belongs to its span, from a child process as well.
    for (const stage of ["here", "apart"]) {
      const headers = asked.find((one) => one["x-stage"] === stage);
      expect(headers?.traceparent).toBe(`00-${traceId}-${named(`stage ${stage}`).spanId}-01`);
    }
    expect(named("stage fail").status?.code).toBe(2);
    expect(named("stage here").status?.code ?? 0).not.toBe(2);
    expect([...services]).toEqual(["headway-in-a-test"]);

    // Over a WebSocket: the operation's own traceparent is gone on from, the connection's is linked to.
    const [socketTrace, socketSpan] = [randomBytes(16).toString("hex"), randomBytes(8).toString("hex")];
    const [opened, opener] = [randomBytes(16).toString("hex"), randomBytes(8).toString("hex")];
    const client = createClient({
      url: `${headway.url.replace("http", "ws")}/graphql`,
      webSocketImpl: WebSocket,
      connectionParams: { authorization: `Bearer ${headway.key}`, traceparent: `00-${opened}-${opener}-01` },
    });
    for (const extensions of [{ traceparent: `00-${socketTrace}-${socketSpan}-01` }, undefined]) {
      const query = "mutation ($input: SubmitJobInput!) { submitJob(input: $input) { userErrors { message } } }";
      const input = { collectionId, pipeline: "asks", tags: [url] };
      const sent = { query, variables: { input }, ...(extensions ? { extensions } : {}) };
      for await (const { errors } of client.iterate(sent)) expect(errors).toBeUndefined();
    }
    await client.dispose();
    const socketSpans = (): Span[] => spans.filter(({ name }) => name === "WS /graphql");
    await until("both have come", () => socketSpans().length === 2);
    const going = socketSpans().find((span) => span.traceId === socketTrace);
    const alone = socketSpans().find((span) => span !== going);
    expect(going?.parentSpanId).toBe(socketSpan);
    expect(alone?.parentSpanId ?? "").toBe("");
    for (const span of [going, alone]) expect(span?.links).toMatchObject([{ traceId: opened, spanId: opener }]);
    await until("the submit has come", () =>
      spans.some(({ name, parentSpanId }) => name === "submit" && parentSpanId === going?.spanId),
    );
    // Messages may hold anything: they stay where secrets are hidden in them.
    expect(received).not.toContain(SECRET);
  } finally {
    await headway.stop();
  }
});

test("an exporter or a protocol that is not known is refused at the start, with what may be said", async () => {
  const settings = { HEADWAY_DATA_DIR: path.join(folder, "none") };
  await expect(startHeadway({ ...settings, OTEL_TRACES_EXPORTER: "zipkin" })).rejects.toThrow(
    'OTEL_TRACES_EXPORTER is "zipkin"; it must be otlp, console or none.',
  );
  await expect(
    startHeadway({ ...settings, OTEL_TRACES_EXPORTER: "otlp", OTEL_EXPORTER_OTLP_PROTOCOL: "grpc" }),
  ).rejects.toThrow('OTEL_EXPORTER_OTLP_PROTOCOL is "grpc"; it must be http/protobuf or http/json');
});
