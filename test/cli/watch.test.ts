import { createServer, connect as connectTo, type AddressInfo, type Server, type Socket } from "node:net";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import path from "node:path";
import { createSite, headway, type Site } from "./site.js";

// Each command is a process of its own.
let site: Site;
beforeAll(async () => {
  site = await createSite();
});
afterAll(() => site.close());

let made = 0;
/** A job of so many documents that waits for the file `gate`. */
async function submit(count: number, text = "dear"): Promise<{ jobId: string; gate: string; cursor: string }> {
  made += 1;
  const gate = path.join(site.folder, `gate-${made}`);
  const files: string[] = [];
  for (let i = 0; i < count; i += 1) files.push(await site.write(`w${made}-${i}.txt`, text));
  const options = JSON.stringify({ gate });
  const { jobId, cursor } = await site.json("submit", ...files, "--pipeline", "letters", "--options", options);
  return { jobId, gate, cursor };
}

interface Line {
  readonly kind: string;
  readonly cursor: string;
  readonly entityId: string;
  readonly version: number;
  readonly resumeAfter: string;
  readonly status: string;
  readonly counts: { readonly completed: number };
}
const linesOf = (stdout: string): Line[] =>
  stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Line);
const changesOf = (stdout: string): string[] =>
  linesOf(stdout)
    .filter(({ kind }) => kind === "StatusChange")
    .map(({ entityId, version }) => `${entityId} ${version}`);

function count(text: string, part: string): number {
  return text.split(part).length - 1;
}

/** Hands connections through to the server, and cuts them all when told. */
class Wire {
  readonly #sockets = new Set<Socket>();
  readonly #server: Server;
  connections = 0;

  constructor(port: number) {
    this.#server = createServer((near) => {
      this.connections += 1;
      const far = connectTo(port, "127.0.0.1");
      for (const socket of [near, far]) {
        this.#sockets.add(socket);
        socket.on("error", () => undefined);
        socket.on("close", () => {
          this.#sockets.delete(socket);
          near.destroy();
          far.destroy();
        });
      }
      near.pipe(far).pipe(near);
    });
  }

  async open(): Promise<string> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async close(): Promise<void> {
    this.#server.close();
    this.cut();
  }
}

describe("headway watch", () => {
  test("stopped by Ctrl-C prints the cursor, and a second watch goes on behind it with nothing missing or twice", async () => {
    const { jobId, gate, cursor } = await submit(3);
    let isStopped = false;
    const first = await headway(["watch", jobId, "--after", cursor, "--json"], site.settings, (child, stdout) => {
      if (isStopped || count(stdout, '"toStage":"sort"') < 3) return;
      isStopped = child.kill("SIGINT");
    });
    expect(first).toMatchObject({ code: 130, stderr: "" });
    const stopped = linesOf(first.stdout).at(-1)!;
    expect(stopped).toEqual({ kind: "Stopped", resumeAfter: linesOf(first.stdout).at(-2)!.cursor });
    await writeFile(gate, "");
    const second = await headway(["watch", jobId, "--after", stopped.resumeAfter, "--json"], site.settings);
    expect(second).toMatchObject({ code: 0, stderr: "" });
    expect(linesOf(second.stdout).at(-1)).toMatchObject({ kind: "Job", status: "COMPLETED", counts: { completed: 3 } });
    const whole = await site.json("history", jobId, "--all");
    expect([...changesOf(first.stdout), ...changesOf(second.stdout)]).toEqual(
      whole.nodes.map(({ entityId, version }: Line) => `${entityId} ${version}`),
    );
  });

  test("whose connection is cut takes it up again by itself, with nothing missing or twice", async () => {
    const { jobId, gate, cursor } = await submit(3);
    const wire = new Wire(Number(new URL(site.server.url).port));
    const url = await wire.open();
    let cuts = 0;
    const ended = await headway(
      ["watch", jobId, "--after", cursor, "--json", "--url", url],
      site.settings,
      (_, out) => {
        const isIdle = cuts < 3 && count(out, '"toStage":"sort"') >= 3 && count(out, '"toStatus":"COMPLETED"') === cuts;
        if (!isIdle) return;
        wire.cut();
        // What follows happens while nobody is connected.
        void writeFile(`${gate}-w${made}-${cuts}.txt`, "");
        cuts += 1;
      },
    );
    await wire.close();
    expect(cuts).toBe(3);
    expect(ended.code).toBe(0);
    expect(ended.stderr).toMatch(/; trying again\.\n/);
    const whole = await site.json("history", jobId, "--all");
    expect(changesOf(ended.stdout)).toEqual(whole.nodes.map(({ entityId, version }: Line) => `${entityId} ${version}`));
  });

  test("says by its exit code how the job ended, also of one that is settled already", async () => {
    const failed = await submit(1, "broken");
    const watched = await site.run("watch", failed.jobId);
    expect(watched).toMatchObject({ code: 1, stderr: "" });
    expect(watched.stdout).toMatch(/^Job \S+, pipeline letters 1, run 1: /);
    expect(watched.stdout).toMatch(/FAILED.*: 1 failed\n {2}BROKEN_LETTER at read: 1\n$/);
    // What a document's error says does not steer the terminal.
    expect(watched.stdout).not.toContain("\u001b");
    const replayed = await site.run("watch", failed.jobId, "--after", failed.cursor);
    expect(replayed.code).toBe(1);
    expect(replayed.stdout).toContain(
      `FAILED read  PERMANENT_ERROR: w${made}-0.txt is broken;\ufffd[31m send it again.`,
    );

    const cancelled = await submit(1);
    const watching = headway(["watch", cancelled.jobId], site.settings, (_, stdout) => {
      if (stdout.includes("document settled")) void site.run("cancel", cancelled.jobId, "--reason", "enough");
    });
    expect(await watching).toMatchObject({ code: 6, stderr: "" });
  });

  test("names a job that there is not, and a cursor that is none", async () => {
    const id = "0190a0a0-0000-7000-8000-000000000000";
    expect(await site.run("watch", id)).toEqual({
      code: 1,
      stdout: "",
      stderr: `There is no job ${id}. Jobs and their ids are listed by: headway jobs; tasks by: headway status COLLECTION\n`,
    });
    const { jobId } = await submit(1);
    const wrong = await site.run("watch", jobId, "--after", "nonsense");
    expect(wrong.code).toBe(2);
    expect(wrong.stderr).toContain('"nonsense" is not a cursor of this API');
    expect((await site.run("cancel", jobId)).code).toBe(0);
  });
});
