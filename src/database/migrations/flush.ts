import type { MigrationInterface, QueryRunner } from "typeorm";
import { FLUSH_CONVERGE } from "./flush/converge.js";
import { FLUSH_DOOR } from "./flush/door.js";
import { FLUSH_LOCKS } from "./flush/locks.js";
import { FLUSH_RECORD } from "./flush/record.js";

/** In its order: what this migration runs. */
export const FLUSH = [FLUSH_LOCKS, FLUSH_DOOR, FLUSH_CONVERGE, FLUSH_RECORD];

/** Less work a change, and flushes side by side. Works beside the build before it, which calls the same function and gets the same answer. */
export class Flush1764440000000 implements MigrationInterface {
  readonly name = "Flush1764440000000";

  async up(runner: QueryRunner): Promise<void> {
    for (const sql of FLUSH) await runner.query(sql);
  }

  async down(): Promise<void> {
    throw new Error("This migration has no way back: restore a backup from before it instead.");
  }
}
