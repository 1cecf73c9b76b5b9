/** Tests run as they are compiled: the same build that is shipped, without a second compiler in between. */
const project = (displayName, more) => ({
  displayName,
  roots: ["<rootDir>/dist/test"],
  transform: {},
  testEnvironment: "node",
  ...more,
});
/** Once for a run, and only where one of its tests needs it. */
const POSTGRES = {
  globalSetup: "<rootDir>/dist/test/support/global-setup.js",
  globalTeardown: "<rootDir>/dist/test/support/global-teardown.js",
};
const UNIT = "**/dist/test/**/*.unit.test.js";
const FAULTS = "/dist/test/faults/";
const PACKAGE = "/dist/test/package/";

/** Four kinds of tests, told apart by their names and places; test/kinds.unit.test.ts holds them to it. */
export default {
  projects: [
    // Neither Postgres nor Redis nor a process of Headway; together a few seconds.
    project("unit", { testMatch: [UNIT] }),
    project("db", {
      ...POSTGRES,
      testMatch: ["**/dist/test/**/*.test.js", `!${UNIT}`],
      testPathIgnorePatterns: [FAULTS, PACKAGE],
    }),
    // The rest of the fault suite is run by npm run test:faults, and what takes long by name.
    project("faults", {
      ...POSTGRES,
      testMatch: [`**${FAULTS}**/*.test.js`],
      testPathIgnorePatterns: {
        all: ["/faults/on-demand/"],
        "on-demand": [],
      }[process.env.HEADWAY_TEST_FAULTS] ?? ["/faults/long/", "/faults/on-demand/"],
    }),
    // The package is installed from the registry, which takes minutes: npm run test:package alone runs these.
    project("package", {
      testMatch: [`**${PACKAGE}**/*.test.js`],
      testPathIgnorePatterns: process.env.HEADWAY_TEST_PACKAGE === "1" ? [] : [PACKAGE],
    }),
  ],
  maxWorkers: 2,
  // A worker that has run many files holds hundreds of MB, and Node takes longer to give them back than jest's 500 ms.
  // With this a worker that is forced to exit has left something open.
  workerGracefulExitTimeout: 30_000,
  // For what hangs. A test waits for facts, each with a deadline of its own that names it, and a busy machine takes its time.
  testTimeout: 600_000,
};
