import { readFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { divideConnections } from "../src/config/database.js";
import { environmentAtStart, environmentOfChildren } from "../src/config/environment.js";
import { describeConfig } from "../src/config/describe.js";
import { loadConfig } from "../src/config.js";
import { ConfigError } from "../src/errors.js";
import { envExample, SETTINGS, settingsTable } from "../src/settings.js";

const ROOT = new URL("../../", import.meta.url);

function faultsOf(env: Record<string, string>): readonly string[] {
  try {
    loadConfig(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.details.faults as readonly string[];
    throw error;
  }
  return [];
}

describe("the settings", () => {
  test("have defaults under which everything runs on one machine by one command", () => {
    const config = loadConfig({});
    expect(config).toMatchObject({
      port: 4000,
      roles: ["api", "worker", "reconciler"],
      databaseUrl: null,
      redisUrl: null,
      leaseMs: 30_000,
    });
  });

  test.each([
    [
      "HEADWAY_LEASE_MS",
      "200",
      'HEADWAY_LEASE_MS is "200"; it must be a whole number from 1000 to 600000, because heartbeats run at a third of it.',
    ],
    [
      "HEADWAY_PORT",
      "http",
      'HEADWAY_PORT is "http"; it must be a whole number from 0 to 65535, because it is a TCP port; 0 picks a free one.',
    ],
    [
      "HEADWAY_ROLES",
      "api,boss",
      'HEADWAY_ROLES is "api,boss"; it must be some of api, worker, reconciler, separated by commas, because a process is nothing else.',
    ],
    [
      "HEADWAY_LOG_LEVEL",
      "loud",
      'HEADWAY_LOG_LEVEL is "loud"; it must be one of debug, info, warn, error, silent, because the log knows no other level.',
    ],
    [
      "DATABASE_URL",
      "mysql://x",
      'DATABASE_URL is "mysql://x"; it must be a URL that begins with postgres:// or postgresql://, because Postgres keeps the truth.',
    ],
    [
      "HEADWAY_EMBEDDER",
      "openai",
      'HEADWAY_EMBEDDER is "openai" and HEADWAY_OPENAI_URL is not set; set it, such as to https://api.openai.com/v1, because the vectors come from there.',
    ],
    [
      "HEADWAY_DATABASE_DIRECT_URL",
      "postgres://u:p@db/x",
      "HEADWAY_DATABASE_DIRECT_URL is set and DATABASE_URL is not; set DATABASE_URL too, because the direct one is only for LISTEN and migrations.",
    ],
    [
      "HEADWAY_WORKER_PROCESSES",
      "many",
      'HEADWAY_WORKER_PROCESSES is "many"; it must be auto or a whole number from 0 to 256, because each is a process of its own.',
    ],
    ["HEADWAY_CONCURENCY", "4", "HEADWAY_CONCURENCY is not a setting of Headway; did you mean HEADWAY_CONCURRENCY?"],
  ])("%s=%s is named with its value, what it must be, and why", (name, value, message) => {
    expect(faultsOf({ [name]: value })).toContain(message);
  });

  test.each(["pa/ss", "pa?ss", "pa#ss", "1/x@pa", "p@a/ss", "5432#ss", "5432/ss", "5432?ss", "p@ss?x/y", "pa ss/@"])(
    "refuse the address of a database whose password is %s and not encoded, without showing a piece of it",
    (password) => {
      const [fault] = faultsOf({ DATABASE_URL: `postgres://headway:${password}@db.example/headway` });
      expect(fault).toMatch(/^DATABASE_URL is "postgres:\/\/headway:\*\*\*@db.example\/headway"; it/);
      expect(faultsOf({ DATABASE_URL: `postgres://headway:${encodeURIComponent(password)}@db.example/x` })).toEqual([]);
    },
  );

  test("share out connections among worker processes, at least two each", () => {
    const { workerProcesses } = loadConfig({ HEADWAY_WORKER_PROCESSES: "auto" });
    expect(workerProcesses).toBe(availableParallelism());
    const AT_DATABASE = { DATABASE_URL: "postgres://h/d" };
    const of = (env: Record<string, string>): number => loadConfig(env).databaseConnections;
    expect(of({})).toBe(25);
    expect(of({ HEADWAY_CONCURRENCY: "400" })).toBe(40);
    expect(of({ HEADWAY_WORKER_PROCESSES: "0" })).toBe(22);
    expect(of({ HEADWAY_WORKER_PROCESSES: "3" })).toBe(53);
    expect(of({ ...AT_DATABASE, HEADWAY_ROLES: "api,reconciler", HEADWAY_WORKER_PROCESSES: "16" })).toBe(8);
    expect(of({ HEADWAY_WORKER_PROCESSES: "16" })).toBe(80);
    expect(of({ HEADWAY_WORKER_PROCESSES: "16", HEADWAY_DATABASE_CONNECTIONS: "9" })).toBe(9);
    expect(divideConnections(18, 0)).toEqual({ own: 18, ofWorker: 0 });
    // Three more are for the process that suspects run in.
    expect(divideConnections(25, 1)).toEqual({ own: 8, ofWorker: 14 });
    expect(divideConnections(53, 3)).toEqual({ own: 8, ofWorker: 14 });
    expect(divideConnections(9, 16)).toEqual({ own: 2, ofWorker: 2 });
  });

  test("give a process of ours what Node reads at its start, and no secret that is named like it", () => {
    const given = {
      NODE_OPTIONS: "--max-old-space-size=64",
      NODE_AUTH_TOKEN: "secret",
      NPM_TOKEN: "secret",
      UV_TOKEN: "x",
    };
    const before = { ...process.env };
    try {
      Object.assign(process.env, given);
      expect(Object.keys(environmentAtStart()).filter((name) => name in given)).toEqual(["NODE_OPTIONS"]);
      expect(Object.keys(environmentOfChildren({ ...given, PATH: "/bin" }))).toEqual(["PATH"]);
    } finally {
      for (const name of Object.keys(given)) delete process.env[name];
      Object.assign(process.env, before);
    }
  });

  test("are all named at once when several are wrong", () => {
    expect(faultsOf({ HEADWAY_PORT: "-1", HEADWAY_POLL_MS: "x", HEADWAY_EMBEDDER: "gpt" })).toHaveLength(3);
  });

  test("refuse a heartbeat that could lose its lease, and a role alone with the embedded database", () => {
    expect(faultsOf({ HEADWAY_LEASE_MS: "5000", HEADWAY_HEARTBEAT_MS: "4000" })).toEqual([
      "HEADWAY_HEARTBEAT_MS is 4000; it must be at most half of HEADWAY_LEASE_MS (5000), because one lost heartbeat must not lose the lease.",
    ]);
    expect(faultsOf({ HEADWAY_ROLES: "worker" })[0]).toContain("set DATABASE_URL");
    expect(faultsOf({ HEADWAY_ROLES: "worker", DATABASE_URL: "postgres://u:p@db/x" })).toEqual([]);
  });

  test("tell commands where the server is: at HEADWAY_URL, else where one with these settings listens", () => {
    const urlOf = (env: Record<string, string>): string => loadConfig(env).clientUrl;
    expect(urlOf({})).toBe("http://127.0.0.1:4000");
    expect(urlOf({ HEADWAY_HOST: "0.0.0.0", HEADWAY_PORT: "80" })).toBe("http://127.0.0.1:80");
    expect(urlOf({ HEADWAY_HOST: "::" })).toBe("http://[::1]:4000");
    expect(urlOf({ HEADWAY_HOST: "fe80::1" })).toBe("http://[fe80::1]:4000");
    expect(urlOf({ HEADWAY_URL: "https://headway.example/api/" })).toBe("https://headway.example/api");
    expect(loadConfig({ HEADWAY_PUBLIC_URL: "https://headway.example/" }).publicUrl).toBe("https://headway.example");
    expect(faultsOf({ HEADWAY_URL: "headway.example" })[0]).toContain("it must be a URL that begins with http://");
    const faults = faultsOf({ HEADWAY_KEY: "hw secret" });
    expect(faults).toEqual([
      "HEADWAY_KEY is not shown; it must be a key without blanks, because it is sent in a header.",
    ]);
    expect(JSON.stringify(describeConfig(loadConfig({ HEADWAY_KEY: "hw_secret" })))).not.toContain("hw_secret");
  });

  test("hide passwords when shown", () => {
    const shown = JSON.stringify(
      describeConfig(loadConfig({ DATABASE_URL: "postgres://u:secret@db/x", REDIS_URL: "redis://:hidden@r" })),
    );
    expect(shown).not.toMatch(/secret|hidden/);
    expect(JSON.stringify(faultsOf({ DATABASE_URL: "mysql://u:secret@db" }))).not.toContain("secret");
  });

  test("stand in .env.example and in the reference, each with its default", async () => {
    expect(await readFile(new URL(".env.example", ROOT), "utf8")).toBe(envExample());
    expect(await readFile(new URL("docs/reference/settings.md", ROOT), "utf8")).toContain(settingsTable());
    expect(loadConfig(Object.fromEntries(SETTINGS.map(({ name, default: value }) => [name, value])))).toEqual(
      loadConfig({}),
    );
  });
});
