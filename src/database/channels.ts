import type { DataSource } from "typeorm";
import type { PostgresDataSourceOptions } from "typeorm/driver/postgres/PostgresDataSourceOptions.js";
import { DEFAULT_SCHEMA } from "./schema-name.js";

/** The schema of the installation that the data source is connected to. */
export function schemaOf(db: DataSource): string {
  return (db.options as PostgresDataSourceOptions).schema ?? DEFAULT_SCHEMA;
}

/** Told of each committed change of a status. Channels are those of the database: the schema's name keeps installations apart. */
export function changeChannel(db: DataSource): string {
  // The triggers of the history notify by their schema's name.
  return schemaOf(db);
}

/** Told when something is booked for webhooks. */
export function webhookChannel(db: DataSource): string {
  return `${schemaOf(db)}:webhooks`;
}

/** Told of each cancel request. No schema's name holds a colon. */
export function cancelChannel(db: DataSource): string {
  return `${schemaOf(db)}:cancel`;
}
