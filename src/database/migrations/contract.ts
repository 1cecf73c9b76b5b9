import type { MigrationInterface, QueryRunner } from "typeorm";
import { INCREMENTAL } from "./contract/incremental.js";
import { LISTS } from "./contract/lists.js";

/** In its order: what this migration runs. */
export const CONTRACT = [INCREMENTAL, LISTS];

/** Incremental submits, and the indexes of the lists. Works beside the build before it. */
export class Contract1764310000000 implements MigrationInterface {
  readonly name = "Contract1764310000000";

  async up(runner: QueryRunner): Promise<void> {
    for (const sql of CONTRACT) await runner.query(sql);
  }

  async down(): Promise<void> {
    throw new Error("This migration has no way back: restore a backup from before it instead.");
  }
}
