import type { MigrationInterface, QueryRunner } from "typeorm";
import { FETCHED } from "./uploads/fetched.js";
import { UPLOADS_TABLES, UPLOADS_FUNCTIONS } from "./uploads/tables.js";

/** In its order: what this migration runs. */
export const UPLOADS = [UPLOADS_TABLES, UPLOADS_FUNCTIONS, FETCHED];

/** Uploads, the documents that are made of them, and what downloads leave. Works beside the build before it. */
export class Uploads1764410000000 implements MigrationInterface {
  readonly name = "Uploads1764410000000";

  async up(runner: QueryRunner): Promise<void> {
    for (const sql of UPLOADS) await runner.query(sql);
  }

  async down(): Promise<void> {
    throw new Error("This migration has no way back: restore a backup from before it instead.");
  }
}
