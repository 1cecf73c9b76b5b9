// Part of npm run schema: writes .env.example and the pages of docs/reference that are made from the code.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { ROOT } from "./ready.mjs";

const load = (...parts) => import(pathToFileURL(path.join(ROOT, "dist", ...parts)).href);
const { envExample } = await load("src", "settings.js");
const { emitReference } = await load("build", "emit-reference.js");

writeFileSync(path.join(ROOT, ".env.example"), envExample());
const folder = path.join(ROOT, "docs", "reference");
mkdirSync(folder, { recursive: true });
const pages = emitReference(readFileSync(path.join(ROOT, "schema", "schema.graphql"), "utf8"));
for (const [name, text] of Object.entries(pages)) writeFileSync(path.join(folder, `${name}.md`), text);
