import type { MigrationInterface, QueryRunner } from "typeorm";

/**
 * Offsets into a text count UTF-16 units, Postgres counts characters: the same as long as every character is one unit,
 * which the writer knows. Texts of before are taken for the other kind, which is right for both and slower.
 */
export const TEXT_PAGING = `
alter table document_text add column one_unit_each boolean not null default false;
`;

/**
 * Texts that are read slice by slice. A migration of its own, so that its lock and the one before it are never held
 * together: statements that run meanwhile take the two tables in either order. Works beside the build before it.
 */
export class TextPaging1764410000001 implements MigrationInterface {
  readonly name = "TextPaging1764410000001";

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(TEXT_PAGING);
  }

  async down(): Promise<void> {
    throw new Error("This migration has no way back: restore a backup from before it instead.");
  }
}
