import { readFileSync } from "node:fs";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { minify } from "terser";
import { ROOT } from "../support/root.js";

const MAX_BYTES = 12_000;
const CLIENT = path.join(ROOT, "dist", "src", "client.js");
const PACKAGES = path.join(ROOT, "node_modules");

/** What a bare name leads to in a browser, by the package's own exports. */
function fileOf(specifier: string): string {
  const [name = "", ...rest] = specifier.split("/");
  const manifest = JSON.parse(readFileSync(path.join(PACKAGES, name, "package.json"), "utf8"));
  return path.join(PACKAGES, name, manifest.exports[`./${rest.join("/")}`].browser);
}

/** Of minified code; what stands in a text, as in a message that tells how to import something, is none. */
const IMPORTS = /(?:^|[;}])(?:import|export)(?:[\w*{}, $]*from)?"([^"]+)"|\bimport\("([^"]+)"\)/g;

/** The modules that are loaded with this one, itself first, each minified. */
async function modulesOf(entry: string): Promise<Map<string, string>> {
  const found = new Map([[entry, ""]]);
  for (const file of found.keys()) {
    const { code = "" } = await minify(readFileSync(file, "utf8"), { module: true });
    found.set(file, code);
    for (const [, told, loaded] of code.matchAll(IMPORTS)) {
      const specifier = told ?? loaded!;
      const next = specifier.startsWith(".") ? path.resolve(path.dirname(file), specifier) : fileOf(specifier);
      if (!found.has(next)) found.set(next, "");
    }
  }
  return found;
}

describe("headway-api/client", () => {
  test("depends on graphql-ws and on nothing else, neither of the server nor of Node", async () => {
    const own = path.join(ROOT, "dist", "src", "client");
    const modules = [...(await modulesOf(CLIENT)).keys()];
    const others = modules.filter((file) => file !== CLIENT && path.dirname(file) !== own);
    expect(new Set(others.map((file) => path.relative(PACKAGES, file).split(path.sep)[0]))).toEqual(
      new Set(["graphql-ws"]),
    );
  });

  test("is less than 12 KB, graphql-ws included, minified and gzipped", async () => {
    const minified = [...(await modulesOf(CLIENT)).values()];
    expect(minified.length).toBeGreaterThan(8);
    expect(gzipSync(minified.join("\n"), { level: 9 }).length).toBeLessThan(MAX_BYTES);
  });
});
