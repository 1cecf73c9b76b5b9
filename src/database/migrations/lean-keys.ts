import type { MigrationInterface, QueryRunner } from "typeorm";
import { LEAN_KEYS } from "./lean-keys/keys.js";

/** Set-wise checks for foreign keys that were looked up row by row. Works beside the build before it. */
export class LeanKeys1764450000000 implements MigrationInterface {
  readonly name = "LeanKeys1764450000000";

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(LEAN_KEYS);
  }

  async down(): Promise<void> {
    throw new Error("This migration has no way back: restore a backup from before it instead.");
  }
}
