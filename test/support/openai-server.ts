import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { createHashEmbedder } from "../../src/pipelines/embedding/hash.js";

/** What the server does with one request instead of answering it. */
export type Trouble =
  | { readonly status: number; readonly retryAfter?: string; readonly message?: string }
  | { readonly body: string }
  | "cut"
  | "silent";

export interface OpenAiTestServer {
  /** Up to and with the version. */
  readonly url: string;
  readonly requests: { readonly path: string; readonly at: number; readonly input: unknown }[];
  /** Of the next requests, in order; then it answers again. */
  readonly troubles: Trouble[];
  close(): Promise<void>;
}

/**
 * A small server of OpenAI's protocol: /embeddings (vectors by feature hashing, in reverse order, which `index` allows)
 * and /audio/transcriptions (multipart; the "transcript" says what was sent), with a bearer key and errors of its shape.
 */
export async function startOpenAi(key: string): Promise<OpenAiTestServer> {
  const requests: { path: string; at: number; input: unknown }[] = [];
  const troubles: Trouble[] = [];
  const server = createServer((request, response) => {
    void answer(request, response).catch((error: unknown) => refuse(response, 500, String(error)));
  });
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const body = Buffer.concat(parts);
    const path = request.url!;
    if (request.headers.authorization !== `Bearer ${key}`) return refuse(response, 401, "Incorrect API key provided.");
    const input = path === "/v1/embeddings" ? (JSON.parse(body.toString()) as object) : await formOf(request, body);
    requests.push({ path, at: Date.now(), input });
    const trouble = troubles.shift();
    if (trouble === "silent") return;
    if (trouble === "cut") return void request.socket.destroy();
    if (trouble && "body" in trouble) return void response.end(trouble.body);
    if (trouble) return refuse(response, trouble.status, trouble.message ?? "Try again.", trouble.retryAfter);
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify(path === "/v1/embeddings" ? await vectorsOf(input) : { text: saidIn(input) }));
  };
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    requests,
    troubles,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function refuse(response: ServerResponse, status: number, message: string, retryAfter?: string): void {
  if (retryAfter !== undefined) response.setHeader("retry-after", retryAfter);
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify({ error: { message, type: "test", param: null, code: null } }));
}

async function vectorsOf(input: object): Promise<object> {
  const { input: texts, model } = input as { input: string[]; model: string };
  const vectors = await createHashEmbedder().embed(texts);
  const data = vectors.map((vector, index) => ({ object: "embedding", index, embedding: [...vector] }));
  return { object: "list", data: data.reverse(), model, usage: { prompt_tokens: 1, total_tokens: 1 } };
}

async function formOf(request: IncomingMessage, body: Buffer): Promise<object> {
  const form = await new Response(new Uint8Array(body), {
    headers: { "content-type": request.headers["content-type"]! },
  }).formData();
  const file = form.get("file") as File;
  return { model: form.get("model"), name: file.name, type: file.type, sizeBytes: file.size };
}

function saidIn(input: object): string {
  const { name, type, sizeBytes } = input as { name: string; type: string; sizeBytes: number };
  return `The recording ${name} is ${type} and has ${sizeBytes} bytes.`;
}
