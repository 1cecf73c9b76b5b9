// npm run pictures: makes docs/images from the demo at work, as it is shown in Chromium, and from what a terminal prints of it.
// What comes out is committed.
import { execFileSync, spawn } from "node:child_process";
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
const MAIN = path.join(ROOT, "dist", "src", "cli", "main.js");

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
      await page.getByText("Succeeded").waitFor();
    },
  },
];

ready();
const folder = path.join(ROOT, "docs", "images");
mkdirSync(folder, { recursive: true });
const dataDir = mkdtempSync(path.join(tmpdir(), "headway-pictures-"));
const demo = spawn(process.execPath, [MAIN, "demo"], {
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
    await keep(name, sharp(await page.screenshot({ animations: "disabled" })));
  }
  await keep("console-and-terminal", await consoleAndTerminal(context, new URL(link).origin));
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

async function keep(name, picture) {
  const file = path.join(folder, `${name}.webp`);
  const { size } = await picture.webp({ quality: 82 }).toFile(file);
  console.log(`${path.relative(ROOT, file)}: ${Math.round(size / 1_000)} KB`);
}

/** The page of the job with a failure, and below it what the command line says of the same job. */
async function consoleAndTerminal(context, url) {
  const headway = (...words) =>
    execFileSync(process.execPath, [MAIN, ...words], {
      encoding: "utf8",
      env: { ...process.env, HEADWAY_DATA_DIR: dataDir, HEADWAY_URL: url },
    });
  const [name] = /batch demo of [^"]*? UTC/.exec(headway("jobs"));
  const said = `$ npx headway-api status "${name}"\n${headway("status", name)}`;
  const page = await context.newPage();
  await page.setContent("<body><pre></pre></body>");
  await page.addStyleTag({
    content: `body { margin: 0; background: #16161d } pre { margin: 0; padding: 20px 24px; color: #dcdfe4;
      font: 15px/1.5 "DejaVu Sans Mono", monospace; white-space: pre-wrap; width: ${SIZE.width - 48}px }`,
  });
  await page.locator("pre").evaluate((pre, text) => (pre.textContent = text), said.trimEnd());
  const terminal = await page.locator("pre").screenshot();
  const { height } = await sharp(terminal).metadata();
  return sharp({ create: { ...SIZE, height: SIZE.height + height, channels: 3, background: "#16161d" } }).composite([
    { input: path.join(folder, "console-job.webp"), left: 0, top: 0 },
    { input: terminal, left: 0, top: SIZE.height },
  ]);
}
