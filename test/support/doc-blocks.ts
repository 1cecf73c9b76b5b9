import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { ROOT } from "./root.js";

/** The pages whose code blocks are checked and run. */
export const DOC_PAGES: readonly string[] = [
  "README.md",
  "CONTRIBUTING.md",
  "SECURITY.md",
  ...readdirSync(path.join(ROOT, "docs"), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".md") && !name.includes("node_modules"))
    .map((name) => `docs/${name.split(path.sep).join("/")}`)
    .sort(),
];

/** One fenced block of a page; `language` is empty where the fence names none. */
export interface DocBlock {
  readonly page: string;
  readonly language: string;
  readonly code: string;
}

export const DOC_BLOCKS: readonly DocBlock[] = DOC_PAGES.flatMap((page) =>
  [...readFileSync(path.join(ROOT, page), "utf8").matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].map(
    ([, language, code]) => ({ page, language: language!, code: code! }),
  ),
);

/** The commands of a shell block, each on one line and without its comment. Quoted text may span lines. */
export function commandsIn(code: string): string[] {
  const commands: string[] = [];
  let open = "";
  for (const line of code.replaceAll(/\\\n\s*/g, "").split("\n")) {
    open += open === "" ? line : ` ${line.trim()}`;
    if ((open.match(/'/g) ?? []).length % 2 === 1) continue;
    const command = open.replace(/(?<=^|\s)#.*$/, "").trim();
    if (command !== "") commands.push(command);
    open = "";
  }
  return commands;
}
