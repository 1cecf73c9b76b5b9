import { readFile } from "node:fs/promises";
import type { Browser } from "playwright-core";
import { OWNER } from "../../src/access/sign-in.js";
import { linkPath } from "../../src/server/playground/sign-in.js";
import { createTestApi, type TestApi } from "../support/api.js";
import { openBrowser } from "../support/browser.js";
import { dropFiles, openConsole } from "../support/console.js";
import { until } from "../support/until.js";
import { invoice, invoices } from "./invoices.js";

let api: TestApi;
let browser: Browser;
beforeAll(async () => {
  api = await createTestApi([invoices], { console: true, trustedMs: 0 });
  browser = await openBrowser();
});
afterAll(async () => {
  await browser.close();
  await api.close();
});

test("a stranger opens the link, drops twelve files, watches, finds a failure, reads why, mends the file, retries, and downloads the result", async () => {
  const link = api.url + linkPath("/", api.signIn.makeCode(OWNER));
  const { page, complaints, close } = await openConsole(browser, link, { acceptDownloads: true });

  // The files get a place of their own.
  await page.getByRole("link", { name: "Collections", exact: true }).click();
  await page.getByText("No collections yet").waitFor();
  await page.getByRole("button", { name: "New collection…" }).click();
  await page.getByLabel("Name").last().fill("March");
  await page.keyboard.press("Enter");
  await page.getByText("No documents yet").waitFor();
  // What can't be done yet says why.
  const submit = page.getByRole("button", { name: /^Submit…/ });
  expect(await submit.getAttribute("aria-disabled")).toBe("true");

  const files = Object.fromEntries(
    Array.from({ length: 12 }, (_, place) => [`invoice-${place + 1}.txt`, invoice(place === 4 ? null : 100)]),
  );
  await dropFiles(page, files);
  await page.getByText("12 of 12 files added.").waitFor();
  await page.getByText("12 documents.").waitFor();

  // The form is made from what the pipeline says of its options.
  await submit.click();
  await page.getByText("Adds up the totals of invoices.").waitFor();
  await page.getByRole("combobox", { name: "currency" }).click();
  await page.getByRole("option", { name: "USD" }).click();
  await page.getByLabel("rates").fill('{ "USD": -1 }');
  await page.getByRole("button", { name: "Submit", exact: true }).click();
  // What the server does not take is said beside the option, and nothing is submitted.
  await page.getByText(/rates.*(>|greater|positive)/i).waitFor();
  await page.getByLabel("rates").fill("");
  await page.getByRole("button", { name: "Submit", exact: true }).click();
  await page.waitForURL("**/jobs/*");

  // It is watched while it runs.
  await api.rig.startWorker();
  await page.getByText("12 documents: 11 completed, 1 failed").waitFor();
  await page.getByText("invoice-5.txt names no total").first().waitFor();
  await page.getByRole("button", { name: /^Show 1/ }).click();
  await page.getByRole("button", { name: /^invoice-5.txt FAILED/ }).click();
  await page.getByRole("link", { name: "View task details" }).click();

  // Why it failed: the message, what the stage wrote, and what it had been given.
  const alert = page.getByRole("alert");
  await alert.getByText('write a line such as "total 100"').first().waitFor();
  await alert.getByText("A retry alone will not help").waitFor();
  await page.getByText("There is no total in it").waitFor();
  await page.getByRole("tab", { name: "Inputs and outputs" }).click();
  await page.getByText("Input: output of read").click();
  await page.getByText("The amount is illegible.").last().waitFor();

  // The mended file takes the place of the one that failed.
  await page.getByRole("link", { name: "March" }).click();
  await dropFiles(page, { "invoice-5.txt": invoice(7) });
  await page.getByText("13 of 13 files added.").waitFor();
  const row = page.getByRole("row").filter({ hasText: "invoice-5.txt" });
  await row.getByText("2", { exact: true }).waitFor();
  await row.getByRole("link").click();
  await page.getByRole("button", { name: "Retry…" }).click();
  await page.getByLabel("First stage").check();
  await page.getByLabel("Reason").fill("Has its total now.");
  await page.getByRole("button", { name: "Retry", exact: true }).click();
  await page.getByText("The task will run again.").waitFor();
  await page.getByRole("tab", { name: "History" }).click();
  await page.getByText("Has its total now.").waitFor();
  // Both takes are there: the one that failed, and the one that came through.
  await until("both takes are shown", async () => (await page.locator(".takes").count()) === 2);

  // The result.
  await page.getByRole("link", { name: "invoices job" }).click();
  await page.getByRole("heading", { level: 1 }).locator("xpath=..").getByText("COMPLETED", { exact: true }).waitFor();
  await page.getByText("12 documents: 12 completed").waitFor();
  await page.getByRole("tab", { name: "Results" }).click();
  const waited = page.waitForEvent("download");
  await page.getByRole("button", { name: "sum.csv" }).click();
  const download = await waited;
  expect(download.suggestedFilename()).toBe("sum.csv");
  expect(await readFile(await download.path(), "utf8")).toBe("sum,1107,USD\n");
  expect(complaints).toEqual([]);
  await close();
});
