import type { Browser, Page, Route } from "playwright-core";
import { createTestApi, type TestApi } from "../support/api.js";
import { openBrowser } from "../support/browser.js";
import { barriersOn, dropFiles, openConsole, signIn } from "../support/console.js";
import { PROJECT } from "../support/engine.js";
import { keyBy } from "../support/keys.js";
import { until } from "../support/until.js";
import { invoice, invoices } from "./invoices.js";

let api: TestApi;
let browser: Browser;
/** A collection that has been through, with one document that failed. */
let collectionId: string;
let jobId: string;
beforeAll(async () => {
  api = await createTestApi([invoices], { console: true, trustedMs: 0 });
  browser = await openBrowser();
  await api.rig.startWorker();
  api.rig.startReconciler();
  collectionId = await api.rig.collection([
    { name: "spring.txt", text: invoice(40, "smudged") },
    { name: "summer.txt", text: invoice(2, "for the café") },
    { name: "autumn.txt", text: invoice(null) },
  ]);
  jobId = await api.rig.submit("invoices", 0, { collectionId });
  await api.rig.settled(jobId);
});
afterAll(async () => {
  await browser.close();
  await api.close();
});

const taskOf = async (name: string): Promise<string> => {
  const [row]: { id: string }[] = await api.rig.db.query(
    "select id from headway.task where job_id = $1 and document_name = $2",
    [jobId, name],
  );
  return row!.id;
};

async function opened(path: string, key = api.key): Promise<Awaited<ReturnType<typeof openConsole>>> {
  const found = await openConsole(browser, api.url + path);
  await signIn(found.page, key);
  return found;
}

/** Holds what is sent to uploads until `release`. */
async function holdUploads(page: Page): Promise<{ readonly seen: string[]; release: () => void }> {
  const seen: string[] = [];
  let release = (): void => undefined;
  const released = new Promise<void>((resolve) => (release = resolve));
  await page.route("**/uploads/**", async (route: Route) => {
    seen.push(route.request().headers()["upload-offset"] ?? "");
    await released;
    // What was cancelled meanwhile is sent no more.
    await route.continue().catch(() => undefined);
  });
  return { seen, release: () => release() };
}

describe("files that are sent", () => {
  test("are held by a pause between two pieces, and go on with the next one", async () => {
    const id = await api.rig.collection(0);
    const { page, complaints, close } = await opened(`/collections/${id}`);
    await page.getByText("No documents yet").waitFor();
    const { seen, release } = await holdUploads(page);
    await dropFiles(page, { "large.txt": "x".repeat(3_000_000) });
    await until("the first piece is on its way", () => seen.length === 1);
    await page.getByRole("button", { name: "Pause" }).click();
    release();
    await page.getByText("1.0 MB of 3.0 MB, paused").waitFor();
    expect(seen).toEqual(["0"]);
    // It goes on while somebody looks at something else.
    await page.getByRole("link", { name: "Jobs", exact: true }).click();
    await page.getByRole("heading", { name: "Jobs" }).waitFor();
    await page.goBack();
    await page.getByRole("button", { name: "Resume" }).click();
    await page.getByText("1 of 1 file added.").waitFor();
    expect(seen.slice(0, 2)).toEqual(["0", String(1024 * 1024)]);
    await page.getByRole("row").filter({ hasText: "large.txt" }).getByText("3.0 MB").waitFor();
    expect(complaints).toEqual([]);
    await close();
  });

  test("are cancelled and sent again; one that is refused does not keep the others from it", async () => {
    const id = await api.rig.collection(0);
    const { page, close } = await opened(`/collections/${id}`);
    await page.getByText("No documents yet").waitFor();
    const { seen, release } = await holdUploads(page);
    await dropFiles(page, { "a.txt": "a", "b.txt": "b" });
    await until("both are on their way", () => seen.length === 2);
    await page.getByRole("button", { name: "Cancel remaining" }).click();
    await page.getByText("0 of 2 files added, 2 cancelled.").waitFor();
    release();
    await page.getByRole("button", { name: "Retry 2 files" }).click();
    await page.getByText("2 of 2 files added.").waitFor();
    await page.getByRole("button", { name: "Close list" }).click();
    // A name that no document may have, between two that may.
    await dropFiles(page, { "c.txt": "c", [`${"n".repeat(501)}`]: "n", "d.txt": "d" });
    await page.getByText("2 of 3 files added, 1 failed.").waitFor();
    await page
      .getByText(/500 characters/)
      .first()
      .waitFor();
    await page.getByText("4 documents.").waitFor();
    await close();
  });

  test("keep the path that they have in their folder, and leave out what systems put there", async () => {
    const id = await api.rig.collection(0);
    const { page, close } = await opened(`/collections/${id}`);
    await page.getByText("No documents yet").waitFor();
    // As a browser tells of a folder that is dropped: a hundred entries at a time.
    await page.evaluate(`{
      const file = (path) => ({ isDirectory: false, fullPath: path, file: (take) => take(new File([path], path.split("/").at(-1))) });
      const folder = (path, entries) => ({ isDirectory: true, fullPath: path, createReader: () => {
        const pages = [entries.slice(0, 1), entries.slice(1), []];
        return { readEntries: (take) => take(pages.shift()) };
      } });
      const year = folder("/year", [file("/year/.DS_Store"), folder("/year/march", [file("/year/march/a.txt"), file("/year/march/b.txt")])]);
      const dropped = new DataTransfer();
      dropped.items.add(new File(["year"], "year"));
      Object.defineProperty(DataTransferItem.prototype, "webkitGetAsEntry", { value: () => year });
      document.body.dispatchEvent(new DragEvent("drop", { dataTransfer: dropped, bubbles: true, cancelable: true }));
    }`);
    await page.getByText("2 of 2 files added.").waitFor();
    await page.getByText("1 system file was skipped.").waitFor();
    await page.getByRole("cell", { name: "year/march/b.txt", exact: true }).waitFor();
    await close();
  });
});

test("a collection is changed, its documents are filtered, chosen and removed, and it is deleted", async () => {
  const id = await api.rig.collection(4);
  const { page, complaints, close } = await opened("/collections");
  await page.getByLabel("Name").fill("collection");
  const [{ name }] = await api.rig.db.query("select name from headway.collection where id = $1", [id]);
  await page.getByRole("link", { name, exact: true }).click();
  await page.getByRole("button", { name: "Edit…" }).click();
  await page.getByLabel("Name").last().fill("Ledger");
  await page.getByLabel("Description").fill("All of the year.");
  await page.getByLabel("Metadata").fill("{ broken");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("Invalid JSON").waitFor();
  await page.getByLabel("Metadata").fill('{ "year": 2026 }');
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByRole("heading", { name: "Ledger" }).waitFor();
  await page.getByText("All of the year.").waitFor();

  await page.getByRole("search").getByLabel("Name").fill("d3");
  await page.getByText("1 document matches these filters.").waitFor();
  expect(new URL(page.url()).searchParams.get("name")).toBe("d3");
  await page.getByLabel("Select d3").check();
  await page.getByRole("search").getByLabel("Name").fill("");
  await page.getByText("4 documents.").waitFor();
  await page.getByLabel("Select d1").check();
  await page.getByText("2 documents selected").waitFor();
  await page.getByRole("button", { name: "Remove…" }).click();
  await page.getByRole("button", { name: "Remove 2 documents" }).click();
  await page.getByText("2 documents.").waitFor();
  expect(await page.getByRole("cell", { name: "d3", exact: true }).count()).toBe(0);

  await page.getByRole("button", { name: "Delete…" }).click();
  await page.getByRole("button", { name: "Delete collection" }).click();
  await page.getByRole("heading", { name: "Collections" }).waitFor();
  await until("it has gone", async () => {
    const [row] = await api.rig.db.query("select status from headway.collection where id = $1", [id]);
    return row.status === "EXPIRED";
  });
  expect(complaints).toEqual([]);
  await close();
});

test("texts are searched with what was found marked, and names are looked at as a graph", async () => {
  const { page, complaints, close } = await opened(`/collections/${collectionId}?tab=search`);
  await page.getByLabel("Search query").fill("cafe");
  await page.keyboard.press("Enter");
  const hit = page.getByRole("listitem").filter({ hasText: "summer.txt" });
  await hit.locator("mark", { hasText: "café" }).waitFor();
  await hit.getByText("Invoice › Amounts").waitFor();
  expect(new URL(page.url()).searchParams.get("query")).toBe("cafe");
  await hit.getByRole("link").click();
  await page.getByText("2 chunks, in document order.").waitFor();
  await page.getByText("pages 1 to 2").waitFor();

  await page.goto(`${api.url}/collections/${collectionId}?tab=entities`);
  await page.getByRole("img", { name: /^3 names/ }).waitFor();
  await page.getByRole("button", { name: "Acme" }).click();
  await page.getByText("in 4 passages").waitFor();
  await page.getByRole("region", { name: "Acme" }).getByRole("link", { name: "summer.txt" }).waitFor();
  expect(complaints).toEqual([]);
  await close();
});

test("who may only look sees what could be done and why not, and neither logs nor outputs", async () => {
  const viewer = await keyBy(api.rig.db, { role: "VIEWER" });
  const { page, complaints, close } = await opened(`/collections/${collectionId}`, viewer);
  for (const [button, role] of [
    [/^Submit….*OPERATOR/, "OPERATOR"],
    [/^Choose files….*OPERATOR/, "OPERATOR"],
    [/^Delete….*ADMIN/, "ADMIN"],
  ] as const) {
    const found = page.getByRole("button", { name: button });
    expect([role, await found.getAttribute("aria-disabled")]).toEqual([role, "true"]);
  }
  await dropFiles(page, { "a.txt": "a" });
  await page.getByRole("status").getByText("Requires a key with the role OPERATOR; yours has VIEWER.").waitFor();
  expect(await page.getByText("1 file").count()).toBe(0);
  await page.getByRole("link", { name: "spring.txt" }).click();
  await page.getByRole("tab", { name: "Logs" }).click();
  await page.getByText("This key can't view logs").waitFor();
  await page.getByRole("tab", { name: "Inputs and outputs" }).click();
  await page.getByText("This key can't view outputs").waitFor();
  expect(complaints).toEqual([]);
  await close();
});

test("tasks and collections can be used by everybody, light and dark", async () => {
  const failed = await taskOf("autumn.txt");
  const smudged = await taskOf("spring.txt");
  await api.rig.db.query(
    `insert into headway.refused_write (project_id, task_id, worker, fence, wanted, stage, change_id)
       values ($1, $2, 'worker:00000000-0000-7000-8000-0000000000aa', 1, 'RUNNING', 'total', gen_random_uuid())`,
    [PROJECT, failed],
  );
  const paths: readonly (readonly [path: string, text: string | RegExp])[] = [
    ["/collections", "Created"],
    [`/collections/${collectionId}`, "spring.txt"],
    [`/collections/${collectionId}?tab=search&query=wheels`, "spring.txt"],
    [`/collections/${collectionId}?tab=entities`, "Ada Lovelace"],
    [`/collections/${collectionId}?tab=jobs`, "Duration"],
    [`/collections/${collectionId}?tab=about`, "Metadata"],
    [`/tasks/${failed}`, "There is no total in it"],
    [`/tasks/${failed}?tab=outputs`, "Input: output of read"],
    [`/tasks/${smudged}?tab=text`, "Invoice › Amounts"],
    [`/tasks/${smudged}?tab=document`, "SHA-256"],
    [`/tasks/${smudged}?tab=history`, "CLAIMED"],
  ];
  const { page, complaints, close } = await openConsole(browser, `${api.url}/collections`, {
    viewport: { width: 1440, height: 900 },
  });
  await signIn(page, api.key);
  for (const [path, text] of paths) {
    await page.goto(api.url + path);
    await page.getByText(text).first().waitFor();
    expect([path, await barriersOn(page)]).toEqual([path, []]);
  }
  await page.goto(`${api.url}/tasks/${failed}`);
  await page.getByText("Their data was not saved.").waitFor();
  await page.getByRole("button", { name: "Retry…" }).click();
  await page.getByText("Start from").waitFor();
  expect(await barriersOn(page)).toEqual([]);
  await page.goto(`${api.url}/collections/${collectionId}`);
  await page.getByRole("button", { name: "Submit…" }).click();
  await page.getByText("Adds up the totals of invoices.").waitFor();
  expect(await barriersOn(page)).toEqual([]);
  // On the narrowest screen nothing is cut off.
  await page.setViewportSize({ width: 360, height: 800 });
  for (const [path, text] of paths) {
    await page.goto(api.url + path);
    await page.getByText(text).first().waitFor({ state: "attached" });
    await until(`nothing of ${path} is wider than the screen`, () =>
      page.evaluate<boolean>("document.documentElement.scrollWidth <= innerWidth"),
    );
  }
  expect(complaints).toEqual([]);
  await close();
});
