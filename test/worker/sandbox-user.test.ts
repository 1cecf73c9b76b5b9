import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { Sandbox } from "../../src/worker/sandbox.js";
import { sandboxUser } from "../../src/worker/sandbox-user.js";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "headway-user-"));
  await chmod(folder, 0o755);
  await writeFile(path.join(folder, "child.mjs"), 'import "./closed.mjs";');
  await writeFile(path.join(folder, "closed.mjs"), "export default 1;", { mode: 0o600 });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test("a folder of pipelines with one that others can't read is not run as another user, and it says which", async () => {
  const said: string[] = [];
  expect(sandboxUser([folder], (sentence) => said.push(sentence), true)).toEqual({});
  expect(said).toEqual([expect.stringContaining(path.join(folder, "closed.mjs"))]);
  await chmod(path.join(folder, "closed.mjs"), 0o644);
  const user = { uid: 65_534, gid: 65_534 };
  expect(sandboxUser([folder], (sentence) => said.push(sentence), true)).toEqual(user);
  expect(sandboxUser([folder], (sentence) => said.push(sentence), false)).toEqual({});
  expect(said).toHaveLength(1);
  await chmod(path.join(folder, "closed.mjs"), 0o600);
});

test("a child that can't read its code says so, and what to do", async () => {
  // Only root can start a process as somebody else; for others the file is their own, and is not there instead.
  const isRoot = process.getuid!() === 0;
  if (!isRoot) await chmod(path.join(folder, "closed.mjs"), 0o000);
  const sandbox = new Sandbox({
    childEntry: pathToFileURL(path.join(folder, "child.mjs")),
    concurrency: 1,
    environment: process.env,
    user: isRoot ? { uid: 65_534, gid: 65_534 } : { uid: process.getuid!(), gid: process.getgid!() },
    logger: { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined },
  });
  const call = {
    pipelineSource: "{}",
    pipeline: "any",
    stage: "any",
    kind: "document" as const,
    snapshot: { secrets: {} } as never,
    timeoutMs: 60_000,
    memoryLimitMiB: 64,
  };
  const run = sandbox.run(call, { call: () => Promise.resolve(null) }, new AbortController().signal);
  await expect(run).rejects.toThrow(/closed\.mjs.*so everybody must be able to read their code/);
  await sandbox.close();
});
