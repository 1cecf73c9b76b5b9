import type { MigrationInterface, QueryRunner } from "typeorm";
import { ENTITY_TABLES, EMPTY_ENTITIES, SHOW_ENTITIES } from "./entities/tables.js";

/** In its order: what this migration runs. */
export const NAMED_ENTITIES = [ENTITY_TABLES, SHOW_ENTITIES, EMPTY_ENTITIES];

/** What a collection's documents speak of: named entities and which of them occur together. Works beside the build before it. */
export class NamedEntities1764420000000 implements MigrationInterface {
  readonly name = "NamedEntities1764420000000";

  async up(runner: QueryRunner): Promise<void> {
    for (const sql of NAMED_ENTITIES) await runner.query(sql);
  }

  async down(): Promise<void> {
    throw new Error("This migration has no way back: restore a backup from before it instead.");
  }
}
