import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import { ROOT } from "../support/root.js";

const run = promisify(execFile);
const MAX_BYTES = 3_000_000;

interface Packed {
  readonly name: string;
  readonly size: number;
  readonly files: readonly { readonly path: string; readonly mode: number }[];
}
interface Manifest {
  readonly bin: Record<string, string>;
  readonly exports: Record<string, string | Record<string, string>>;
  readonly private?: boolean;
}

describe("the package", () => {
  let packed: Packed;
  let names: Set<string>;
  const manifest = JSON.parse(readFileSync(path.join(ROOT, "package.json"), "utf8")) as Manifest;
  beforeAll(async () => {
    const { stdout } = await run("npm", ["pack", "--dry-run", "--json", "--ignore-scripts"], {
      cwd: ROOT,
      maxBuffer: 16_000_000,
    });
    // A list, or by the names of the packages: npm has changed it.
    packed = Object.values(JSON.parse(stdout) as Record<string, Packed>)[0]!;
    names = new Set(packed.files.map((file) => file.path));
  });

  test("is headway-api, may be published, and is less than 3 MB", () => {
    expect(packed.name).toBe("headway-api");
    expect(manifest.private).toBeUndefined();
    expect(packed.size).toBeLessThan(MAX_BYTES);
  });

  test("holds the build, its SQL, examples and what people read, and neither tests nor sources", () => {
    const roots = new Set(
      [...names].map((name) =>
        name
          .split("/")
          .slice(0, name.startsWith("dist") ? 2 : 1)
          .join("/"),
      ),
    );
    expect([...roots].sort()).toEqual(
      ["CHANGELOG.md", "LICENSE", "README.md", "dist/console", "dist/src", "examples", "package.json", "sql"].sort(),
    );
    expect([...names].filter((name) => /\.test\.|(^|\/)tests?\/|\.(?<!d\.)ts$|\.tsbuildinfo$/.test(name))).toEqual([]);
    for (const name of ["sql/triggers.sql", "sql/migrations/0001_baseline.sql", "examples/documents/leases.pdf"]) {
      expect(names).toContain(name);
    }
  });

  test("has every file that its exports and its commands name, with types", () => {
    const named = Object.values(manifest.exports).flatMap((one) =>
      typeof one === "string" ? [one] : Object.values(one),
    );
    expect(named.map((name) => name.replace("./", "")).filter((name) => !names.has(name))).toEqual([]);
    for (const [entry, one] of Object.entries(manifest.exports)) {
      if (!entry.endsWith(".json")) expect(one).toHaveProperty("types");
    }
    // Under the package's own name as well, for npx outside of a project.
    expect(Object.keys(manifest.bin).sort()).toEqual(["headway", "headway-api"]);
    for (const file of Object.values(manifest.bin)) {
      expect(names).toContain(file);
      expect(existsSync(path.join(ROOT, file)) && readFileSync(path.join(ROOT, file), "utf8")).toMatch(
        /^#!\/usr\/bin\/env node/,
      );
    }
  });
});
