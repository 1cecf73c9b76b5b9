import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import pg from "pg";
import type { ApiClient } from "../../src/cli/client.js";
import type { HeadwayProcess } from "../support/processes.js";
import { createTestDatabase, type TestDatabase } from "../support/database.js";
import { keyIn } from "../support/keys.js";
import { createFaultRig, type FaultRig } from "./rig.js";

const CONNECTIONS = 6;
const ASKED = 40;
let database: TestDatabase;
let rig: FaultRig;
let process: HeadwayProcess;
let api: ApiClient;
const user = `few_${randomBytes(6).toString("hex")}`;
beforeAll(async () => {
  database = await createTestDatabase();
  rig = await createFaultRig({ databaseUrl: database.url });
  await asSuperuser(`create role ${user} login password '${user}' connection limit ${CONNECTIONS} in role headway`);
  const url = new URL(database.url);
  url.username = user;
  url.password = user;
  process = await rig.start({ DATABASE_URL: url.href });
  api = rig.client({ ...process, key: await keyIn(database.url) });
});
afterAll(async () => {
  await rig.close();
  await database.drop();
  await asSuperuser(`drop role ${user}`);
});

async function asSuperuser(statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: globalThis.process.env.HEADWAY_TEST_SUPERUSER_URL! });
  await client.connect();
  await client.query(statement);
  await client.end();
}

test("F37: a user with 6 connections: work goes on, and requests wait or are told to come back, never an internal error", async () => {
  expect(process.output()).toContain(`may have ${CONNECTIONS} connections`);
  const jobId = await rig.submit(api, 20);
  const query =
    "{ jobs(first: 20) { nodes { id tasks(first: 20) { nodes { id history(first: 5) { nodes { reason } } } } } } }";
  const codes = await Promise.all(
    Array.from({ length: ASKED }, async () => {
      try {
        await api.query(query);
        return "answered";
      } catch (error) {
        return (error as { code: string }).code;
      }
    }),
  );
  expect(codes.filter((code) => code !== "answered" && code !== "SERVICE_BUSY")).toEqual([]);
  expect(codes).toContain("answered");
  await rig.settled([jobId]);
  await rig.account({ fault: "F37", what: `a user with ${CONNECTIONS} connections`, times: ASKED });
});
