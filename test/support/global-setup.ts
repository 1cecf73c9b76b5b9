import { chmod, mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import pg from "pg";
import { migrate } from "../../src/database/migrate.js";
import { startEmbeddedPostgres, type EmbeddedPostgres } from "../../src/database/embedded.js";

declare global {
  var headwayTestPostgres: { readonly server: EmbeddedPostgres; readonly folder: string } | undefined;
}

/**
 * One Postgres for the run, with a migrated template that every test file's own database is copied from. Where whoever
 * started the run has one already, that one. And one temporary folder, in which everything that the tests and what they
 * start leave behind goes with the run.
 */
export default async function globalSetup(): Promise<void> {
  if (process.env.HEADWAY_TEST_DATABASE_URL !== undefined) return;
  const folder = await mkdtemp(path.join(tmpdir(), "headway-test-run-"));
  // As any temporary folder: servers that are started as another user have theirs in it.
  await chmod(folder, 0o1777);
  process.env.TMPDIR = folder;
  const dataDir = await mkdtemp(path.join(folder, "data-"));
  // Nothing here must survive a crash, and the disk is not what is tested.
  const flags = { fsync: "off", synchronous_commit: "off", full_page_writes: "off", max_connections: "300" };
  const server = await startEmbeddedPostgres({ dataDir, flags });
  globalThis.headwayTestPostgres = { server, folder };
  const admin = new pg.Client({ connectionString: server.superuserUrl });
  await admin.connect();
  await admin.query("create database headway_template owner headway");
  const templateUrl = new URL(server.url);
  templateUrl.pathname = "/headway_template";
  await migrate(templateUrl.href);
  await admin.query("update pg_database set datistemplate = true where datname = 'headway_template'");
  await admin.end();
  process.env.HEADWAY_TEST_DATABASE_URL = server.url;
  process.env.HEADWAY_TEST_SUPERUSER_URL = server.superuserUrl;
}
