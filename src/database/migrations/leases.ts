import type { MigrationInterface, QueryRunner } from "typeorm";
import { HEARTBEAT, RECORD_CHANGES } from "./initial/record.js";

/** In its order: what this migration runs. */
export const LEASES = [RECORD_CHANGES, HEARTBEAT];

/**
 * A lease begins once the claim holds its locks, goes on with each stage, and its renewal does not wait for the disk:
 * with commits of 300 ms and leases of 1,500 it passed under living workers before. A new database has these very
 * functions from its first schema on.
 */
export class Leases1764300000000 implements MigrationInterface {
  readonly name = "Leases1764300000000";

  async up(runner: QueryRunner): Promise<void> {
    for (const sql of LEASES) await runner.query(sql);
  }

  async down(): Promise<void> {
    throw new Error("This migration has no way back: restore a backup from before it instead.");
  }
}
