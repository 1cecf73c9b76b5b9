import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";

/** As much of S3 as the SDK needs: objects with ranges, lists, multipart uploads. All in memory, one version of each. */
export interface S3Server {
  readonly endpoint: string;
  /** By "bucket/key". */
  readonly objects: ReadonlyMap<string, Buffer>;
  /** Of multipart uploads that are neither complete nor aborted, by their id. */
  readonly unfinished: ReadonlyMap<string, { readonly name: string; startedAt: Date }>;
  /** "METHOD operation" of every request, in order. */
  readonly requests: string[];
  /** The next `times` requests are answered with this status and code. */
  fail(times: number, status: number, code: string): void;
  put(name: string, bytes: Buffer): void;
  close(): Promise<void>;
}

interface Parts {
  readonly name: string;
  startedAt: Date;
  readonly parts: Map<number, Buffer>;
}

export async function startS3Server(accessKeyId: string): Promise<S3Server> {
  const store = new Store();
  const requests: string[] = [];
  let failing = { times: 0, status: 503, code: "SlowDown" };
  const server = createServer((req, res) => {
    void handle(req, res).catch((error: unknown) => res.destroy(error as Error));
  });
  const handle = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    const url = new URL(req.url!, "http://s3");
    const operation = operationOf(req.method!, url);
    requests.push(operation);
    const body = await buffer(req);
    if (failing.times > 0) {
      failing.times -= 1;
      return fault(res, failing.status, failing.code);
    }
    if (!req.headers.authorization?.includes(`Credential=${accessKeyId}/`)) return fault(res, 403, "AccessDenied");
    store.answer(operation, url, req, body, res);
  };
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    objects: store.objects,
    unfinished: store.unfinished,
    requests,
    fail: (times, status, code) => void (failing = { times, status, code }),
    put: (name, bytes) => void store.objects.set(name, bytes),
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

function operationOf(method: string, { searchParams }: URL): string {
  const of = ["uploads", "uploadId", "delete", "list-type"].find((name) => searchParams.has(name));
  return of === undefined ? method : `${method} ${of}`;
}

class Store {
  readonly objects = new Map<string, Buffer>();
  readonly unfinished = new Map<string, Parts>();
  #made = 0;

  answer(operation: string, url: URL, req: IncomingMessage, body: Buffer, res: ServerResponse): void {
    const name = decodeURIComponent(url.pathname.slice(1)).replace(/\/$/, "");
    const { searchParams: query } = url;
    const parts = this.unfinished.get(query.get("uploadId") ?? "");
    switch (operation) {
      case "PUT":
        this.objects.set(name, body);
        return void res.setHeader("etag", etagOf(body)).end();
      case "GET":
      case "HEAD":
        return this.#get(name, req, res);
      case "DELETE":
        this.objects.delete(name);
        return void res.writeHead(204).end();
      case "GET list-type":
        return this.#list(name, query, res);
      case "POST delete":
        for (const [, key] of body.toString().matchAll(/<Key>([^<]*)<\/Key>/g)) this.objects.delete(`${name}/${key}`);
        return xml(res, "<DeleteResult/>");
      case "POST uploads":
        return this.#begin(name, res);
      case "GET uploads":
        return this.#listUnfinished(name, query, res);
    }
    if (!parts) return fault(res, 404, "NoSuchUpload");
    if (operation === "PUT uploadId") {
      parts.parts.set(Number(query.get("partNumber")), body);
      return void res.setHeader("etag", etagOf(body)).end();
    }
    this.unfinished.delete(query.get("uploadId")!);
    if (operation === "DELETE uploadId") return void res.writeHead(204).end();
    const numbers = [...body.toString().matchAll(/<PartNumber>(\d+)<\/PartNumber>/g)].map(([, number]) =>
      Number(number),
    );
    this.objects.set(name, Buffer.concat(numbers.map((number) => parts.parts.get(number)!)));
    xml(res, `<CompleteMultipartUploadResult><ETag>"whole"</ETag></CompleteMultipartUploadResult>`);
  }

  #get(name: string, { method, headers }: IncomingMessage, res: ServerResponse): void {
    const bytes = this.objects.get(name);
    if (!bytes) return method === "HEAD" ? void res.writeHead(404).end() : fault(res, 404, "NoSuchKey");
    res.setHeader("etag", etagOf(bytes));
    const [, first, last] = /^bytes=(\d+)-(\d*)$/.exec(headers.range ?? "") ?? [];
    if (first === undefined) {
      res.setHeader("content-length", bytes.length);
      return void res.end(method === "HEAD" ? undefined : bytes);
    }
    const start = Number(first);
    const end = Math.min(last === "" ? Infinity : Number(last), bytes.length - 1);
    if (start > end) return fault(res, 416, "InvalidRange");
    res.writeHead(206, { "content-range": `bytes ${start}-${end}/${bytes.length}`, "content-length": end - start + 1 });
    res.end(bytes.subarray(start, end + 1));
  }

  /** Three keys a page, so that every list of a test has pages. */
  #list(bucket: string, query: URLSearchParams, res: ServerResponse): void {
    const after = query.get("continuation-token") ?? "";
    const keys = [...this.objects.keys()]
      .filter((name) => name.startsWith(`${bucket}/${query.get("prefix") ?? ""}`))
      .map((name) => name.slice(bucket.length + 1))
      .filter((key) => key > after)
      .toSorted();
    const page = keys.slice(0, 3);
    const next = keys.length > 3 ? `<NextContinuationToken>${page.at(-1)}</NextContinuationToken>` : "";
    xml(
      res,
      `<ListBucketResult><IsTruncated>${keys.length > 3}</IsTruncated>${next}${page
        .map((key) => `<Contents><Key>${key}</Key></Contents>`)
        .join("")}</ListBucketResult>`,
    );
  }

  #begin(name: string, res: ServerResponse): void {
    this.#made += 1;
    const id = `upload-${this.#made}`;
    this.unfinished.set(id, { name, startedAt: new Date(), parts: new Map() });
    xml(res, `<InitiateMultipartUploadResult><UploadId>${id}</UploadId></InitiateMultipartUploadResult>`);
  }

  /** One a page. */
  #listUnfinished(bucket: string, query: URLSearchParams, res: ServerResponse): void {
    const after = query.get("upload-id-marker") ?? "";
    const found = [...this.unfinished]
      .filter(([id, { name }]) => name.startsWith(`${bucket}/${query.get("prefix") ?? ""}`) && id > after)
      .toSorted(([a], [b]) => (a < b ? -1 : 1));
    const [first] = found;
    const key = first?.[1].name.slice(bucket.length + 1);
    const upload = first
      ? `<Upload><Key>${key}</Key><UploadId>${first[0]}</UploadId><Initiated>${first[1].startedAt.toISOString()}</Initiated></Upload>
         <NextKeyMarker>${key}</NextKeyMarker><NextUploadIdMarker>${first[0]}</NextUploadIdMarker>`
      : "";
    xml(
      res,
      `<ListMultipartUploadsResult><IsTruncated>${found.length > 1}</IsTruncated>${upload}</ListMultipartUploadsResult>`,
    );
  }
}

function etagOf(bytes: Buffer): string {
  return `"${createHash("md5").update(bytes).digest("hex")}"`;
}

function xml(res: ServerResponse, body: string, status = 200): void {
  res.writeHead(status, { "content-type": "application/xml" }).end(`<?xml version="1.0" encoding="UTF-8"?>${body}`);
}

function fault(res: ServerResponse, status: number, code: string): void {
  xml(res, `<Error><Code>${code}</Code><Message>${code}</Message></Error>`, status);
}
