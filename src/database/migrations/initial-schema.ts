import type { MigrationInterface, QueryRunner } from "typeorm";
import { TRANSITIONS } from "../../lifecycle/transitions.js";
import { CONVERGE } from "./initial/converge.js";
import { DOOR } from "./initial/door.js";
import { RECORD } from "./initial/record.js";
import { TABLES } from "./initial/tables.js";
import { VIOLATIONS } from "./initial/violations.js";

/** The first schema: tables, the door, the recorder's function, convergence and the invariants. */
export class InitialSchema1764000000000 implements MigrationInterface {
  readonly name = "InitialSchema1764000000000";

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(TABLES);
    const rows = TRANSITIONS.flatMap(({ level, from, to, reasons }) =>
      reasons.map((reason) => ({ level, from_status: from, to_status: to, reason })),
    );
    await runner.query(
      `insert into transition select * from jsonb_to_recordset($1::jsonb)
       as t(level text, from_status text, to_status text, reason text)`,
      [JSON.stringify(rows)],
    );
    for (const sql of [DOOR, CONVERGE, RECORD, VIOLATIONS]) await runner.query(sql);
  }

  async down(): Promise<void> {
    throw new Error("The first schema has no way back: drop the database instead.");
  }
}
