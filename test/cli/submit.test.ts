import { mkdir, symlink } from "node:fs/promises";
import path from "node:path";
import { createSite, headway, type Site } from "./site.js";

// Each command is a process of its own.
let site: Site;
let mail: string;
beforeAll(async () => {
  site = await createSite();
  mail = path.join(site.folder, "mail");
  await mkdir(path.join(mail, "old"), { recursive: true });
  await site.write("mail/a.txt", "first");
  await site.write("mail/old/b.txt", "second");
  await site.write("mail/old/empty.txt", "");
  await site.write("mail/.hidden", "not sent");
  await symlink("/etc/hostname", path.join(mail, "link.txt"));
});
afterAll(() => site.close());

interface SentDocument {
  readonly name: string;
  readonly sizeBytes: number;
  readonly contentVersion: number;
}
async function sentTo(collection: string): Promise<SentDocument[]> {
  const { collection: found } = await site.client.query<{ collection: { documents: { nodes: SentDocument[] } } }>(
    "query ($id: ID!) { collection(id: $id) { documents { nodes { name sizeBytes contentVersion } } } }",
    { id: collection },
  );
  return found.documents.nodes;
}
const documentsOf = async (collection: string): Promise<[string, number][]> =>
  (await sentTo(collection)).map(({ name, sizeBytes }) => [name, sizeBytes]);
const versionsOf = async (collection: string): Promise<number[]> =>
  (await sentTo(collection)).map(({ contentVersion }) => contentVersion);

describe("headway submit", () => {
  test("without files submits what the collection has; without a collection, too, it is told what to name", async () => {
    await site.submit("at rest", ["dear", "yours"]);
    const submitted = await site.json("submit", "--collection", "at rest", "--pipeline", "letters");
    expect(submitted).toMatchObject({ collection: "at rest", documents: 0, sizeBytes: 0 });
    const { nodes } = await site.json("jobs", "--collection", "at rest");
    expect(nodes.map(({ counts }: any) => counts.total)).toEqual([2, 2]);
    const nothing = await site.run("submit", "--pipeline", "letters");
    expect(nothing).toMatchObject({ code: 2, stdout: "" });
    expect(nothing.stderr).toBe(
      "There is nothing to submit; name files or folders, or a collection with --collection.\n",
    );
    const unknown = await site.run("submit", "--pipeline", "letters", "--collection", "at res");
    expect(unknown).toMatchObject({ code: 1, stdout: "" });
    expect(unknown.stderr).toContain('There is no collection "at res". Similar names: "at rest".');
  });

  test("sends a folder with its subfolders, submits it, and says how to watch", async () => {
    const { code, stdout, stderr } = await site.run(
      "submit",
      mail,
      "--pipeline",
      "letters",
      "--tag",
      "x",
      "--tag",
      "y",
    );
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(/^Sent 3 documents \(11 bytes\) to collection "mail \d{4}-/);
    const jobId = /Submitted job (\S+) to pipeline letters\./.exec(stdout)![1]!;
    expect(stdout).toContain(`Watch it with: headway watch ${jobId} --after `);
    const { nodes } = await site.json("jobs", "--tag", "x", "--tag", "y");
    expect(nodes.map(({ id }: any) => id)).toEqual([jobId]);
    expect(nodes[0].tags).toEqual(["x", "y"]);
    expect(await documentsOf(nodes[0].collection.id)).toEqual([
      ["a.txt", 5],
      ["old/b.txt", 6],
      ["old/empty.txt", 0],
    ]);
  });

  test("with --watch ends as the job ends, and takes a collection up again under its name", async () => {
    const args = ["submit", "--pipeline", "letters", "--collection", "again", "--watch"];
    const first = await site.run(...args, path.join(mail, "a.txt"));
    expect(first).toMatchObject({ code: 0, stderr: "" });
    expect(first.stdout).toMatch(/ a\.txt  RUNNING sort  STAGE_STARTED\n/);
    expect(first.stdout).toMatch(/COMPLETED after .*: 1 completed\n$/);
    const broken = await site.write("broken.txt", "broken");
    const second = await site.run(...args, broken);
    expect(second).toMatchObject({ code: 5, stderr: "" });
    expect(second.stdout).toMatch(/BROKEN_LETTER at read: 1\n$/);
    expect(second.stdout).not.toContain("\u001b");
    const { collection } = (await site.json("jobs", "--collection", "again", "--first", "1")).nodes[0];
    expect(await documentsOf(collection.id)).toEqual([
      ["a.txt", 5],
      ["broken.txt", 6],
    ]);
  });

  test("sends more than fits one request in several, in order, and tells it all in one JSON document", async () => {
    const many = path.join(site.folder, "many");
    await mkdir(many);
    const names = Array.from({ length: 5 }, (_, i) => `part-${i}.txt`);
    for (const name of names) await site.write(`many/${name}`, "x".repeat(400_000));
    const result = await site.json("submit", many, "--pipeline", "letters", "--options", '{"gate": null}');
    expect(result).toEqual({
      kind: "Submitted",
      collectionId: expect.any(String),
      collection: expect.stringMatching(/^many /),
      jobId: expect.any(String),
      documents: 5,
      sizeBytes: 2_000_000,
      cursor: expect.any(String),
    });
    expect(await documentsOf(result.collectionId)).toEqual(names.map((name) => [name, 400_000]));
  });

  test("uploads what is too large for a request, beside what is not, and the same again changes nothing", async () => {
    const large = path.join(site.folder, "large");
    await mkdir(large);
    await site.write("large/book.bin", Buffer.alloc(3_000_000, "a page of a book, "));
    await site.write("large/note.txt", "short");
    const args = ["submit", large, "--pipeline", "letters", "--collection", "large", "--watch"];
    for (let time = 0; time < 2; time += 1) {
      expect(await site.run(...args)).toMatchObject({ code: 0, stderr: "" });
      const { id } = await site.json("status", "large");
      expect(await documentsOf(id)).toEqual([
        ["book.bin", 3_000_000],
        ["note.txt", 5],
      ]);
      expect(await versionsOf(id)).toEqual([1, 1]);
    }
  });

  test("with --incremental skips what the pipeline has completed as it is", async () => {
    const args = ["submit", "--pipeline", "letters", "--collection", "steady", "--incremental", "--watch"];
    expect((await site.run(...args, path.join(mail, "a.txt"))).stdout).toMatch(/COMPLETED after .*: 1 completed\n$/);
    const second = await site.run(...args, mail);
    expect(second).toMatchObject({ code: 0, stderr: "" });
    expect(second.stdout).toMatch(/COMPLETED after .*: 2 completed, 1 skipped\n$/);
  });

  test("leaves nothing behind when the pipeline is unknown, and says what was kept when its options are wrong", async () => {
    const unknown = await site.run("submit", mail, "--pipeline", "pigeons", "--collection", "no-such");
    expect(unknown).toEqual({
      code: 1,
      stdout: "",
      stderr: expect.stringMatching(/^There is no pipeline "pigeons"; available are .*letters/),
    });
    expect((await site.run("status", "no-such")).code).toBe(1);
    const wrong = await site.run("submit", mail, "--pipeline", "letters", "--options", '{"gate": 7}');
    expect(wrong).toMatchObject({ code: 1, stdout: "" });
    expect(wrong.stderr).toMatch(
      /gate.*\nNothing was submitted\. What has been sent is in collection "mail .*--collection /s,
    );
    const open = await site.json(
      "submit",
      mail,
      "--pipeline",
      "letters",
      "--collection",
      "held",
      "--options",
      `{"gate": "${site.folder}/never"}`,
    );
    const refused = await site.run("submit", mail, "--pipeline", "letters", "--collection", "held");
    expect(refused).toMatchObject({ code: 1 });
    expect(refused.stderr).toContain(`Job ${open.jobId} of this collection is still`);
    expect((await site.run("cancel", open.jobId)).code).toBe(0);
  });

  test.each([
    [["submit", "no-such-file", "--pipeline", "letters"], "no-such-file can't be read (ENOENT)"],
    [["submit", "/dev/null", "--pipeline", "letters"], "/dev/null is neither a file nor a folder."],
    [["submit", "."], "required option '--pipeline <name>' not specified"],
    [["submit", "package.json", "--pipeline", "p", "--options", "[1]"], "--options is [1]; it must be a JSON object"],
    [
      ["submit", "package.json", "node_modules/bull/package.json", "--pipeline", "p"],
      'would both be the document "package.json"',
    ],
  ])("%j is wrong usage", async (args, message) => {
    const { code, stdout, stderr } = await headway(args, site.settings);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain(message);
  });
});
