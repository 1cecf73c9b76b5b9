import { randomUUID } from "node:crypto";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import pg from "pg";
import { median } from "./bench.js";
import { startEmbeddedPostgres } from "../src/database/embedded.js";
import { startRedis } from "../test/support/redis.js";

/**
 * One Postgres and one Redis, which ours and the peers share. Durable as in production: fsync and synchronous_commit
 * stay on. The settings are what any guide gives a machine of this size; none is there for one contestant's sake.
 */
const FLAGS: Readonly<Record<string, string>> = {
  shared_buffers: "1GB",
  max_wal_size: "4GB",
  checkpoint_timeout: "15min",
  max_connections: "200",
  shared_preload_libraries: "pg_stat_statements",
  // Counted only where a profile asks for it.
  "pg_stat_statements.track": "none",
};

export interface Servers {
  readonly redisUrl: string;
  readonly dataDir: string;
  readonly settings: Readonly<Record<string, string>>;
  /** A new database that belongs to the application; the URL of its owner. */
  database(): Promise<string>;
  /** The same database as superuser. */
  asSuperuser(databaseUrl: string): string;
  stop(): Promise<void>;
}

export async function startServers(flags: Readonly<Record<string, string>> = {}): Promise<Servers> {
  const dataDir = await mkdtemp(path.join(tmpdir(), "headway-bench-"));
  // The server runs as another user where this one is root, and keeps its data elsewhere if it cannot reach them here.
  await chmod(dataDir, 0o711);
  const settings = { ...FLAGS, ...flags };
  const postgres = await startEmbeddedPostgres({ dataDir, flags: settings });
  const redis = await startRedis();
  const asSuperuser = (databaseUrl: string): string => {
    const url = new URL(postgres.superuserUrl);
    url.pathname = new URL(databaseUrl).pathname;
    return url.href;
  };
  return {
    redisUrl: redis.url,
    dataDir,
    settings,
    asSuperuser,
    async database() {
      const name = `bench_${randomUUID().slice(0, 8)}`;
      const url = new URL(postgres.url);
      url.pathname = `/${name}`;
      await withClient(postgres.superuserUrl, (db) => db.query(`create database ${name} owner headway`));
      return url.href;
    },
    async stop() {
      await redis.stop();
      await postgres.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

export async function withClient<T>(url: string, work: (db: pg.Client) => Promise<T>): Promise<T> {
  const db = new pg.Client({ connectionString: url });
  await db.connect();
  try {
    return await work(db);
  } finally {
    await db.end();
  }
}

/** How fast this machine's disk and core are just now: commits of one row a second over 32 connections, for two seconds. */
export async function commitsPerSecond(databaseUrl: string): Promise<number> {
  await withClient(databaseUrl, (db) => db.query("create table if not exists public.bench_commit (n int)"));
  const pool = new pg.Pool({ connectionString: databaseUrl, max: 32 });
  const endsAt = performance.now() + 2_000;
  let commits = 0;
  await Promise.all(
    Array.from({ length: 32 }, async () => {
      while (performance.now() < endsAt) {
        await pool.query("insert into public.bench_commit values (1)");
        commits += 1;
      }
    }),
  );
  await pool.end();
  return commits / 2;
}

/** Milliseconds that a commit of one row takes over one connection: the middle of 200. */
export async function commitMs(databaseUrl: string): Promise<number> {
  return withClient(databaseUrl, async (db) => {
    await db.query("create table if not exists public.bench_commit (n int)");
    const times: number[] = [];
    for (let n = 0; n < 200; n += 1) {
      const startedAt = performance.now();
      await db.query("insert into public.bench_commit values (1)");
      times.push(performance.now() - startedAt);
    }
    return median(times);
  });
}
