import { execFile } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { builtinModules } from "node:module";
import path from "node:path";
import { promisify } from "node:util";
import { parse } from "yaml";
import { ROOT } from "../support/processes.js";
import { instruction, lastStage } from "./image.js";

const run = promisify(execFile);
const read = (name: string): Promise<string> => readFile(path.join(ROOT, name), "utf8");

describe("docker-compose.yml", () => {
  let file: string;
  let services: Record<string, any>;
  beforeAll(async () => {
    file = await read("docker-compose.yml");
    ({ services } = parse(file, { merge: true }));
  });

  test("passes docker-compose config where there is one, and asks for the secrets that are not set", async () => {
    const { stdout } = await run(process.execPath, [path.join(ROOT, "scripts", "find-compose.mjs")]);
    const { command, reasons } = JSON.parse(stdout) as { command: string[] | null; reasons: string };
    if (command === null) {
      console.warn(`docker-compose.yml was not shown to Docker Compose: ${reasons}`);
      return;
    }
    const [program, ...args] = [...command, "-f", path.join(ROOT, "docker-compose.yml"), "config"];
    const env = { PATH: process.env.PATH, HOME: process.env.HOME };
    const secrets = { POSTGRES_PASSWORD: "one1", DATABASE_PASSWORD: "two2" };
    const config = await run(program!, args, { cwd: "/", env: { ...env, ...secrets } });
    const { services: seen } = parse(config.stdout);
    expect(Object.keys(seen).sort()).toEqual(["api", "migrate", "postgres", "redis", "worker"]);
    for (const name of ["api", "migrate", "worker"]) {
      expect(seen[name].environment.DATABASE_URL).toBe("postgres://headway:two2@postgres:5432/headway");
    }
    for (const name of Object.keys(secrets)) {
      const failed = run(program!, args, { cwd: "/", env: { ...env, ...secrets, [name]: "" } });
      await expect(failed).rejects.toMatchObject({ stderr: expect.stringContaining("set it in .env") });
    }
  });

  test("starts Postgres and Redis, then migrates once, then two APIs with the reconciler and three workers", () => {
    const after = (name: string): Record<string, string> =>
      Object.fromEntries(
        Object.entries<any>(services[name].depends_on ?? {}).map(([on, { condition }]) => [on, condition]),
      );
    const ready = { postgres: "service_healthy", redis: "service_healthy", migrate: "service_completed_successfully" };
    expect([after("postgres"), after("redis"), after("migrate")]).toEqual([{}, {}, { postgres: "service_healthy" }]);
    expect([after("api"), after("worker")]).toEqual([ready, ready]);
    expect([services.api.scale, services.worker.scale]).toEqual([2, 3]);
    const roles = [services.api, services.worker].map(({ environment }) => environment.HEADWAY_ROLES);
    expect(roles.join(",").split(",").sort()).toEqual(["api", "reconciler", "worker"]);
    expect(services.migrate).toMatchObject({ command: ["migrate"], restart: "no" });
    for (const name of ["postgres", "redis", "api", "worker"]) {
      expect(services[name].healthcheck.test[0]).toMatch(/^CMD/);
      expect(services[name].restart).toBe("unless-stopped");
    }
    // Files of one process are read by others.
    expect([services.api.volumes, services.worker.volumes]).toEqual([["files:/data"], ["files:/data"]]);
  });

  test("holds no secret, publishes to this machine alone, and names what its example of .env names", async () => {
    const values = Object.values(services).flatMap(({ environment }) => Object.entries<string>(environment ?? {}));
    for (const [, value] of values.filter(([name]) => /PASSWORD|SECRET|TOKEN|KEY/.test(name))) {
      expect(value).toMatch(/^\$\{\w+:\?/);
    }
    for (const [, value] of values) expect(value).not.toMatch(/:\/\/[^:/]+:[^$@]+@/);
    const ports = Object.values(services).flatMap((service) => service.ports ?? []);
    expect(ports.filter((port) => !port.startsWith("127.0.0.1:"))).toEqual([]);
    const asked = [...file.matchAll(/\$\{(\w+):\?/g)].map(([, name]) => name);
    const example = [...(await read("compose.env.example")).matchAll(/^(\w+)=(.*)$/gm)];
    expect(new Set(example.map(([, name]) => name))).toEqual(new Set(asked));
    expect(example.map(([, , value]) => value).join("")).toBe("");
  });
});

describe("the Dockerfile", () => {
  test("builds in stages, and its last one is not root, has no secret, and copies the build and its packages alone", async () => {
    const stage = await lastStage();
    expect((await read("Dockerfile")).match(/^FROM /gm)!.length).toBeGreaterThan(1);
    expect(instruction(stage, "USER")).toBe("node");
    const after = stage.slice(stage.findIndex((line) => line.startsWith("USER ")));
    expect(after.filter((line) => line.startsWith("RUN ") || line.startsWith("USER "))).toHaveLength(1);
    expect(stage.filter((line) => line.startsWith("COPY "))).toEqual([
      "COPY --from=dependencies /app/node_modules ./node_modules",
      "COPY --from=build /app/dist/src ./dist/src",
      "COPY --from=build /app/dist/console ./dist/console",
      "COPY package.json ./",
      "COPY sql ./sql",
    ]);
    expect(await read("Dockerfile")).not.toMatch(/PASSWORD|SECRET|TOKEN|DATABASE_URL|\.env\b/);
  });

  test("is given nothing by .dockerignore but what it copies, so no secret and no data", async () => {
    const lines = (await read(".dockerignore")).split("\n").filter((line) => line !== "" && !line.startsWith("#"));
    expect(lines[0]).toBe("*");
    const copied = [...(await read("Dockerfile")).matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, names]) =>
      names!.split(" ").map((name) => name.replace("./", "")),
    );
    expect(lines.slice(1).sort()).toEqual([...new Set(copied)].map((name) => `!${name}`).sort());
  });
});

describe("what runs in production", () => {
  test("imports packages of dependencies alone, so npm ci --omit=dev is enough", async () => {
    const { dependencies } = JSON.parse(await read("package.json")) as { dependencies: Record<string, string> };
    const folder = path.join(ROOT, "dist", "src");
    const files = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith(".js"));
    const imported = new Map<string, string>();
    for (const name of files) {
      const text = await readFile(path.join(folder, name), "utf8");
      for (const [, imports] of text.matchAll(IMPORT)) imported.set(imports!, name);
    }
    const own = ["headway-api", ...builtinModules];
    const missing = [...imported].filter(
      ([name]) => !name.startsWith("node:") && !own.includes(name) && !(name in dependencies),
    );
    expect(missing).toEqual([]);
    // It does find imports: these are some of those there are.
    expect([...imported.keys()]).toEqual(expect.arrayContaining(["commander", "pg", "typeorm", "ws", "bull"]));
  });
});

/** Finds the package in every way to name one: statements, calls, and what only resolves. */
const IMPORT =
  /(?:\bfrom|\bimport|\b(?:import|require|require\.resolve|import\.meta\.resolve)\()\s*["']((?:@[a-z0-9][\w.-]*\/)?(?:node:)?[a-z0-9][\w.-]*)(?:\/[^"'\s]*)?["']/g;
