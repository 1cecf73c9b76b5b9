import { parse } from "csv-parse/sync";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Browser, Page } from "playwright-core";
import { openBrowser } from "../support/browser.js";
import { dropFiles, openConsole, signIn } from "../support/console.js";
import { createTestDatabase, type TestDatabase } from "../support/database.js";
import { startHeadway, type HeadwayProcess } from "../support/processes.js";

const STATEMENT = `Sort Code,20-11-43
Account Holder,Priya Patel

Date,Narrative,Paid Out,Paid In,Balance
01 Mar 2026,OPENING BALANCE,,,"£2,310.55"
02 Mar 2026,TFL TRAVEL CHARGE,£8.10,,"£2,302.45"
05 Mar 2026,PREMIER INN MANCHESTER,"£1,104.00",,"£1,198.45"
31 Mar 2026,CLOSING BALANCE,,,"£1,198.45"
`;
const HOTEL = `Premier Inn Manchester
72 Dale Street, Manchester

Invoice 55-1182
Date: 5 March 2026

4 nights                  920.00
VAT 20%                   184.00
Total                  £1,104.00
Paid by card
`;
/** Of the journey in March, but printed long before: nothing decides that they belong together. */
const TRAVEL = `Transport for London
Travelcard

Date: 12 January 2026
Total                      £8.10
`;

let folder: string;
let database: TestDatabase;
let headway: HeadwayProcess;
let browser: Browser;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "headway-accountant-"));
  database = await createTestDatabase();
  headway = await startHeadway({ DATABASE_URL: database.url, HEADWAY_DATA_DIR: folder, HEADWAY_SWEEP_MS: "500" });
  browser = await openBrowser();
});
afterAll(async () => {
  await browser.close();
  await headway.stop();
  await database.drop();
  await rm(folder, { recursive: true, force: true });
});

async function submitExpenses(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Submit…" }).click();
  await page.getByRole("combobox", { name: "Pipeline" }).click();
  await page.getByRole("option", { name: /^expenses/ }).click();
  await page.getByRole("button", { name: "Submit", exact: true }).click();
  await page.getByText("3 documents: 3 completed").waitFor();
  await page.getByRole("tab", { name: "Results" }).click();
}

async function downloaded(page: Page, name: string): Promise<Record<string, string>[]> {
  const waited = page.waitForEvent("download");
  await page.getByRole("button", { name, exact: true }).click();
  const text = await readFile(await (await waited).path(), "utf8");
  return parse(text, { columns: true, bom: true }) as Record<string, string>[];
}

test("an accountant drops a statement and receipts, looks at what has found no match, decides it, and downloads the report", async () => {
  const { page, complaints, close } = await openConsole(browser, `${headway.url}/collections`, {
    acceptDownloads: true,
    locale: "en-GB",
  });
  await signIn(page, headway.key);
  await page.getByRole("button", { name: "New collection…" }).click();
  await page.getByLabel("Name").last().fill("Expenses of March");
  await page.keyboard.press("Enter");
  await page.getByText("No documents yet").waitFor();
  await dropFiles(page, { "bank.csv": STATEMENT, "hotel.txt": HOTEL, "travel.txt": TRAVEL });
  await page.getByText("3 of 3 files added.").waitFor();
  await submitExpenses(page);

  // The result: two lines, one with its receipt, and one receipt that is left.
  await page.getByText("receiptsUnmatched: 1").waitFor();
  await page.getByText("linesWithoutReceipt: 1").waitFor();
  const ledger = await downloaded(page, "ledger.csv");
  const line = ledger.find(({ description }) => description?.startsWith("TFL"))!;
  expect(line.receipt).toBe("");

  // The stage that matched tells which receipt is left.
  await page.getByRole("link", { name: /all documents/ }).click();
  await page.getByRole("tab", { name: "Inputs and outputs" }).click();
  const matched = page.getByRole("region", { name: "match" });
  await matched.getByText("unmatched:").waitFor();
  const leaves = await matched.locator(".json-leaf").allTextContents();
  const receipt = leaves
    .filter((text) => text.startsWith("receipt: "))
    .map((text) => text.slice(10, -1))
    .at(-1)!;

  // The decision is kept with the collection, and holds in every run.
  await page.getByRole("link", { name: "Expenses of March" }).click();
  await page.getByRole("button", { name: "Edit…" }).click();
  await page.getByLabel("Metadata").fill(JSON.stringify({ decisions: [{ line: line.line_id, receipt, match: true }] }));
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByRole("tab", { name: "About" }).click();
  await page.getByText("decisions:").waitFor();
  await submitExpenses(page);
  await page.getByText("receiptsUnmatched: 0").waitFor();
  await page.getByText("linesWithoutReceipt: 0").waitFor();
  const report = await downloaded(page, "report.csv");
  const travel = report.find(({ record, description }) => record === "line" && description?.startsWith("TFL"))!;
  expect(Object.values(travel).join(" ")).toContain("travel.txt");
  expect(complaints).toEqual([]);
  await close();
});
