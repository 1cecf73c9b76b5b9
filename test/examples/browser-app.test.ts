import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import path from "node:path";
import type { Browser } from "playwright-core";
import { openBrowser } from "../support/browser.js";
import { createTestDatabase, type TestDatabase } from "../support/database.js";
import { DOC_BLOCKS } from "../support/doc-blocks.js";
import { keyIn } from "../support/keys.js";
import { ROOT, startHeadway, type HeadwayProcess } from "../support/processes.js";

const FOLDER = path.join(ROOT, "examples", "browser-app");

let database: TestDatabase;
let headway: HeadwayProcess;
let app: ChildProcess;
let browser: Browser;
let address: string;
beforeAll(async () => {
  database = await createTestDatabase();
  headway = await startHeadway({ DATABASE_URL: database.url, HEADWAY_POLL_MS: "200" });
  const key = await keyIn(database.url, { role: "OPERATOR" });
  app = spawn(process.execPath, [path.join(FOLDER, "server.mjs")], {
    env: { PATH: process.env.PATH, HEADWAY_URL: headway.url, HEADWAY_KEY: key, PORT: "0" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = (await once(app.stdout!, "data")) as [Buffer];
  address = /http:\S+/.exec(line.toString())![0];
  browser = await openBrowser();
});
afterAll(async () => {
  await browser?.close();
  app?.kill();
  await headway.stop();
  await database.drop();
});

describe("the example of a browser app", () => {
  test("uploads the files that a user chooses, and shows what became of each", async () => {
    const page = await browser.newPage();
    await page.goto(address);
    await page.getByLabel("Files").setInputFiles([
      { name: "greeting.txt", mimeType: "text/plain", buffer: Buffer.from("Good morning, and welcome.") },
      { name: "empty.txt", mimeType: "text/plain", buffer: Buffer.alloc(0) },
    ]);
    await page.getByRole("button", { name: "Send" }).click();
    await page.getByText("COMPLETED_WITH_ERRORS: 100 %").waitFor();
    await page.getByText("greeting.txt: COMPLETED").waitFor();
    await page.getByText("empty.txt: FAILED. empty.txt has no bytes; send its content again.").waitFor();
  });

  test("is what the guide shows", () => {
    const plain = (text: string): string => text.replace(/\s+/g, " ");
    const example = plain(
      ["server.mjs", "page.html"].map((name) => readFileSync(path.join(FOLDER, name), "utf8")).join("\n"),
    );
    const shown = DOC_BLOCKS.filter(({ page, language }) => page === "docs/guides/browser-app.md" && language === "js");
    expect(shown.filter(({ code }) => !example.includes(plain(code).trim()))).toEqual([]);
    expect(shown).toHaveLength(2);
  });
});
