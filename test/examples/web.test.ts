import { createHash } from "node:crypto";
import pg from "pg";
import { barriersOn } from "../support/console.js";
import { until } from "../support/until.js";
import { doubledIn, file, heavy, note, notedBy, rowsOf, says, send, shows, slow, wentBackIn } from "./web-page.js";
import { WebWorld } from "./web-world.js";

let world: WebWorld;
beforeAll(async () => {
  world = await WebWorld.begins();
});
afterAll(() => world.ends());

interface Truth {
  readonly jobs: { readonly nodes: readonly { readonly status: string }[] };
  readonly documents: {
    readonly nodes: readonly {
      readonly name: string;
      readonly sha256: string | null;
      readonly lastTask: { readonly status: string } | null;
    }[];
  };
}

/** What the server has of a collection. */
async function truthOf(name: string): Promise<Truth> {
  const { collectionByName } = await world.asks<{ collectionByName: Truth }>(
    `query ($name: String!) { collectionByName(name: $name) { jobs { nodes { status } }
       documents { nodes { name sha256 lastTask { status } } } } }`,
    { name },
  );
  return collectionByName;
}

/** The keys of pages end now, and not in some minutes. */
async function keysEnd(): Promise<void> {
  const client = new pg.Client({ connectionString: world.database.url });
  await client.connect();
  await client.query("update headway.api_key set expires_at = clock_timestamp() where collection_id is not null");
  await client.end();
}

const pipeline = (what: "pause" | "resume"): Promise<unknown> =>
  world.asks(
    `mutation { ${what}Pipeline(input: { pipeline: "documents"${what === "pause" ? ', reason: "the test"' : ""} }) {
       userErrors { message } } }`,
  );

describe("the web app of examples/web, built and served on an origin of its own,", () => {
  test("loses and doubles nothing in two tabs on a slow network while the server dies twice and the key ends, and says how it stands", async () => {
    const context = await world.opensBrowser();
    const first = await context.newPage();
    await first.goto(await world.link("night"));
    await says(first, "Live");
    // The key is not left in the address.
    expect(first.url()).toBe(world.origin);
    const second = await context.newPage();
    await second.goto(world.origin);
    await says(second, "Live");

    await send(
      first,
      file("one.txt", "The first letter."),
      file("two.txt", "The second letter."),
      file("empty.txt", ""),
    );
    for (const page of [first, second]) {
      await shows(page, "Done, with errors");
      await page.getByText("empty.txt has no bytes; send its content again.").waitFor();
      await page.getByText("Trying again does not help until that is mended.").waitFor();
    }
    await note(first);
    await note(second);

    // The server dies while a file is on its way, and what was sent waits then, for nothing may run.
    await pipeline("pause");
    await slow(first, 400_000);
    const large = heavy(3_000_000);
    await send(first, file("large.html", large));
    await first.getByText(/0 of 1 files, 1\.0 of 3\.0 MB/).waitFor();
    await world.kills();
    for (const page of [first, second]) await says(page, /^Reconnecting since \d/);
    await world.starts();
    for (const page of [first, second]) {
      await says(page, "Live");
      await page.getByText("Waits for download").first().waitFor();
    }
    await first.getByText("the test").waitFor(); // Why it does not move.

    // It dies once more, with a job open.
    await world.kills();
    for (const page of [first, second]) await says(page, "Reconnecting");
    await world.starts();
    await pipeline("resume");
    for (const page of [first, second]) {
      await shows(page, "Done, with errors");
      await until("the large file is done in every tab", async () =>
        (await rowsOf(page)).some(([name, state]) => name === "large.html" && state === "Done"),
      );
    }

    // The key ends while a file is on its way. Another tab takes a new one.
    const larger = heavy(6_000_000);
    await send(first, file("larger.html", larger));
    await first.getByText(/0 of 1 files, [1-3]\.\d of 6\.0 MB/).waitFor();
    await keysEnd();
    for (const page of [first, second]) {
      await says(page, /^Key expired since/);
      await page.getByText("The key is no longer good.").waitFor();
    }
    await slow(first, 10_000_000);
    await second
      .getByLabel("New link or key")
      .first()
      .fill(await world.link("night"));
    await second.getByRole("button", { name: "Go on" }).first().click();
    for (const page of [first, second]) {
      await says(page, "Live");
      await until("the last file is done in every tab", async () =>
        (await rowsOf(page)).some(([name, state]) => name === "larger.html" && state === "Done"),
      );
      await shows(page, "Done, with errors");
    }

    const { jobs, documents } = await truthOf("night");
    expect(jobs.nodes.map(({ status }) => status)).toEqual(Array(3).fill("COMPLETED_WITH_ERRORS"));
    const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");
    expect(documents.nodes.map(({ name, sha256: found }) => [name, found])).toEqual([
      ["one.txt", sha256("The first letter.")],
      ["two.txt", sha256("The second letter.")],
      ["empty.txt", sha256("")],
      ["large.html", sha256(large)],
      ["larger.html", sha256(larger)],
    ]);
    const WORDS = { COMPLETED: "Done", SKIPPED: "Done before, unchanged", FAILED: "Failed in validate" };
    const expected = documents.nodes.map(({ name, lastTask }) => [name, WORDS[lastTask!.status as keyof typeof WORDS]]);
    for (const page of [first, second]) {
      expect((await rowsOf(page)).slice(0, -1)).toEqual(expected);
      const moments = await notedBy(page);
      expect(doubledIn(moments)).toEqual([]);
      expect(wentBackIn(moments)).toEqual([]);
      const said = moments.map(({ connection }) => connection).filter((one, i, all) => one !== all[i - 1]);
      expect(said.filter((one) => one !== "Connecting …")).toEqual([
        "Live",
        "Reconnecting",
        "Live",
        "Reconnecting",
        "Live",
        "Key expired",
        "Live",
      ]);
    }
    await context.close();
  });

  test("finds, opens, downloads, retries and cancels, says what a key may not do, and keeps nobody out, in light, dark and narrow", async () => {
    const context = await world.opensBrowser({ acceptDownloads: true });
    const page = await context.newPage();
    const complaints: string[] = [];
    page.on("pageerror", (error) => complaints.push(error.message));
    await page.goto(await world.link("day"));
    await says(page, "Live");
    await send(
      page,
      file("bread.txt", `Rye bread is baked <b>slowly</b>. ${"It rests. ".repeat(1_500)}`),
      file("empty.txt", ""),
    );
    await shows(page, "Done, with errors");

    // Folders: each file by its path.
    await page.evaluate(`{
      const entry = (name) => ({ isFile: true, fullPath: "/" + name,
        file: (take) => take(new File(["Salt and flour."], name.split("/").at(-1), { type: "text/plain" })) });
      const folder = { isFile: false, createReader: () => {
        const parts = [[entry("kitchen/a.txt")], [entry("kitchen/b.txt")], []];
        return { readEntries: (take) => take(parts.shift()) };
      } };
      const drop = new Event("drop", { bubbles: true, cancelable: true });
      drop.dataTransfer = { items: [{ webkitGetAsEntry: () => folder }] };
      document.querySelector(".drop").dispatchEvent(drop);
    }`);
    await until(
      "the files of the folder are done",
      async () =>
        (await rowsOf(page)).filter(([name, state]) => name.startsWith("kitchen/") && state === "Done").length === 2,
    );
    await shows(page, "Done, with errors");

    await page.getByLabel("Search in the documents").fill("rye");
    // By the keyboard: what the end of the job brings to the page moves the button away under a pointer.
    await page.getByLabel("Search in the documents").press("Enter");
    const found = page.getByRole("list", { name: "Found" });
    const search = page.getByRole("region", { name: "Search" });
    await until("the search has ended", async () => {
      const [said, items] = [await search.getByRole("status").textContent(), await found.getByRole("listitem").count()];
      return said !== "Searching …" && (said !== "" || items > 0 || (await search.getByRole("alert").count()) > 0);
    });
    expect(await search.textContent()).toMatch(/^Search.*Rye/s);
    expect(await found.locator("mark").first().textContent()).toBe("Rye");
    // What documents say is text, and no markup.
    await found.getByText("<b>slowly</b>").first().waitFor();

    await page.getByRole("button", { name: "bread.txt", exact: true }).first().click();
    const dialog = page.getByRole("dialog", { name: "bread.txt" });
    await dialog.getByRole("button", { name: "More" }).click();
    await until(
      "the whole text is shown",
      async () =>
        ((await dialog.locator("pre").textContent()) ?? "").replaceAll("It rests. ", "").length < 60 &&
        ((await dialog.locator("pre").textContent()) ?? "").length > 15_000,
    );
    await dialog.getByRole("button", { name: "Close" }).click();

    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("button", { name: "Download Original" }).nth(1).click(),
    ]);
    expect(download.suggestedFilename()).toBe("empty.txt");
    const [artifact] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("list", { name: "Artifacts" }).getByRole("button").first().click(),
    ]);
    expect(await artifact.failure()).toBeNull();

    expect(await barriersOn(page)).toEqual([]);
    await page.setViewportSize({ width: 360, height: 700 });
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBeLessThanOrEqual(360);

    // Tried again it fails again; what waits can be cancelled.
    await pipeline("pause");
    await page.getByRole("button", { name: "Retry", exact: true }).click();
    await page.getByText("Waits for validate").waitFor();
    await page.getByRole("button", { name: "Cancel" }).click();
    await page.getByText("Cancelled", { exact: true }).first().waitFor();
    await pipeline("resume");

    await context.setOffline(true);
    await says(page, /^Offline since/);
    await context.setOffline(false);
    await says(page, "Live");

    // A key that may only read.
    const { collectionByName } = await world.asks('{ collectionByName(name: "day") { id } }');
    const keyFor = async (permissions: string): Promise<string> => {
      const { createBrowserKey } = await world.asks(
        `mutation ($id: ID!) { createBrowserKey(input: { collectionId: $id, permissions: [${permissions}] }) { key } }`,
        { id: collectionByName.id },
      );
      return createBrowserKey.key;
    };
    await page.getByText("Use another key").click();
    await page.getByLabel("New link or key").fill(await keyFor("READ"));
    await page.getByRole("button", { name: "Go on" }).click();
    await says(page, "Live");
    await send(page, file("late.txt", "Too late."));
    await page.getByText("this needs UPLOAD").waitFor();
    // With another one it goes on where it stopped.
    await page.getByLabel("New link or key").fill(await world.link("day"));
    await page.locator("footer").getByRole("button", { name: "Go on" }).click();
    await page.locator(".sending").getByRole("button", { name: "Go on" }).click();
    await until("the late file is done", async () =>
      (await rowsOf(page)).some(([name, state]) => name === "late.txt" && state === "Done"),
    );
    // What was added and not submitted, as by a page that was closed before it could.
    await until("it is added, once the job has ended", async () => {
      const { addDocuments } = await world.asks(
        `mutation ($id: ID!) { addDocuments(input: { collectionId: $id, documents: [{ name: "left.txt", text: "Left." }] }) {
           userErrors { message } } }`,
        { id: collectionByName.id },
      );
      return addDocuments.userErrors.length === 0;
    });
    await page.reload();
    await page.getByRole("button", { name: "Submit what is not" }).click();
    await until("what was left is done", async () =>
      (await rowsOf(page)).some(([name, state]) => name === "left.txt" && state === "Done"),
    );

    // And one that may not even read.
    await page.getByText("Use another key").click();
    await page.getByLabel("New link or key").fill(await keyFor("UPLOAD"));
    await page.locator("footer").getByRole("button", { name: "Go on" }).click();
    await says(page, "Not allowed");
    await page.getByText("this needs READ").waitFor();
    expect(complaints).toEqual([]);
    await context.close();
  });
});
