/** Tests run as they are compiled: the same build that is shipped, without a second compiler in between. */
export default {
  roots: ["<rootDir>/dist/test"],
  testMatch: ["**/dist/test/**/*.test.js"],
  transform: {},
  testEnvironment: "node",
  // The rest of the fault suite is run by npm run test:faults, and what takes long by name.
  testPathIgnorePatterns: {
    all: ["/faults/on-demand/"],
    "on-demand": [],
  }[process.env.HEADWAY_TEST_FAULTS] ?? ["/faults/long/", "/faults/on-demand/"],
  maxWorkers: 2,
  testTimeout: 30_000,
  globalSetup: "<rootDir>/dist/test/support/global-setup.js",
  globalTeardown: "<rootDir>/dist/test/support/global-teardown.js",
};
