/** Tests run as they are compiled: the same build that is shipped, without a second compiler in between. */
export default {
  roots: ["<rootDir>/dist/test"],
  testMatch: ["**/dist/test/**/*.test.js"],
  transform: {},
  testEnvironment: "node",
  maxWorkers: 2,
  testTimeout: 30_000,
  globalSetup: "<rootDir>/dist/test/support/global-setup.js",
  globalTeardown: "<rootDir>/dist/test/support/global-teardown.js",
};
