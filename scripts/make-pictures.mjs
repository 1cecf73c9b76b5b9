// npm run pictures: makes docs/images from the demo at work, as it is shown in Chromium. What comes out is committed.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { chromium } from "playwright-core";
import sharp from "sharp";
import { ensureChromium } from "./find-chromium.mjs";
import { ready, ROOT } from "./ready.mjs";

const SIZE = { width: 1280, height: 800 };
const DEMO_MS = 300_000;

/** Each with what stands on it once it is whole. */
const PICTURES = [
  { name: "console-now", take: (page) => page.getByText(/1 document of 10 failed/).waitFor() },
  {
    name: "console-job",
    take: async (page) => {
      await page.getByRole("link", { name: "Jobs", exact: true }).click();
      await page
        .getByRole("row", { name: /batch demo/ })
        .getByRole("link")
        .first()
        .click();
      await page.locator(".task").first().waitFor();
    },
  },
  {
    name: "console-explore",
    take: async (page) => {
      await page.getByRole("link", { name: "Explore", exact: true }).click();
      await page.getByRole("button", { name: "Run", exact: true }).click();
      await page.getByText("Answered").waitFor();
    },
  },
];

ready();
const folder = path.join(ROOT, "docs", "images");
mkdirSync(folder, { recursive: true });
const dataDir = mkdtempSync(path.join(tmpdir(), "headway-pictures-"));
const demo = spawn(process.execPath, [path.join(ROOT, "dist", "src", "cli", "main.js"), "demo"], {
  cwd: ROOT,
  env: { ...process.env, HEADWAY_DATA_DIR: dataDir, HEADWAY_PORT: "0" },
  stdio: ["ignore", "pipe", "inherit"],
});
const browser = await chromium.launch({ executablePath: await ensureChromium(), args: ["--no-sandbox"] });
try {
  const link = await linkOf(demo);
  const context = await browser.newContext({ viewport: SIZE, colorScheme: "light" });
  const page = await context.newPage();
  await page.goto(link);
  for (const { name, take } of PICTURES) {
    await take(page);
    // No pointer on a button, no field that is being written in, nothing that still moves.
    await page.mouse.move(0, 0);
    await page.evaluate("document.activeElement?.blur()");
    await page.waitForLoadState("networkidle");
    const file = path.join(folder, `${name}.webp`);
    const { size } = await sharp(await page.screenshot({ animations: "disabled" }))
      .webp({ quality: 82 })
      .toFile(file);
    console.log(`${path.relative(ROOT, file)}: ${Math.round(size / 1_000)} KB`);
  }
} finally {
  await browser.close();
  const gone = demo.exitCode === null ? once(demo, "exit") : null;
  demo.kill("SIGINT");
  await gone;
  rmSync(dataDir, { recursive: true, force: true });
}

/** The link that the demo prints once it has something to show. */
function linkOf(child) {
  return new Promise((resolve, reject) => {
    let output = "";
    const fail = (why) => reject(new Error(`The demo printed no link: ${why}.\n${output}`));
    const timer = setTimeout(() => fail(`${DEMO_MS / 1_000} s are over`), DEMO_MS);
    child.stdout.on("data", (part) => {
      output += part.toString();
      // With something to look at: the demo says so once its job is done.
      const found = /Console +(\S+#code=\S+)/.exec(output);
      if (!found || !output.includes("Still serving")) return;
      clearTimeout(timer);
      resolve(found[1]);
    });
    child.once("exit", (code) => fail(`it ended with code ${code}`));
  });
}
