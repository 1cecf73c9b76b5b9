// Part of npm run schema: writes the settings into .env.example and the README's table, from src/settings.ts.
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { ROOT } from "./ready.mjs";

const { envExample, settingsTable } = await import(pathToFileURL(path.join(ROOT, "dist", "src", "settings.js")).href);
writeFileSync(path.join(ROOT, ".env.example"), envExample());
const file = path.join(ROOT, "README.md");
const text = readFileSync(file, "utf8");
const between = /(?<=<!-- settings -->\n\n).*?(?=\n\n<!-- \/settings -->)/s;
if (!between.test(text)) throw new Error("README.md has no table of settings between its two marks.");
writeFileSync(
  file,
  text.replace(between, () => settingsTable().trim()),
);
