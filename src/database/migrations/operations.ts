import type { MigrationInterface, QueryRunner } from "typeorm";
import { EXPIRY } from "./operations/expiry.js";
import { CLAIMABLE, OPERATIONS_TABLES, WORKER_NOW } from "./operations/tables.js";

/** In its order: what this migration runs. */
export const OPERATIONS = [OPERATIONS_TABLES, WORKER_NOW, CLAIMABLE, EXPIRY];

/** Pauses, expiry, and what waiting work waits for. Works beside the build before it. */
export class Operations1764200000000 implements MigrationInterface {
  readonly name = "Operations1764200000000";

  async up(runner: QueryRunner): Promise<void> {
    for (const sql of OPERATIONS) await runner.query(sql);
  }

  async down(): Promise<void> {
    throw new Error("This migration has no way back: restore a backup from before it instead.");
  }
}
