import type { ObjectLiteral, SelectQueryBuilder } from "typeorm";
import { readBounded } from "./bounded-read.js";
import type { Budget } from "./budget.js";

/** All that a query of entities gives, as `getMany`, within the request's budget. Its alias is `t`. @throws {GraphQLError} */
export async function readEntities<T extends ObjectLiteral>(
  query: SelectQueryBuilder<T>,
  budget: Budget,
): Promise<T[]> {
  const [sql, parameters] = query.getQueryAndParameters();
  const rows = await readBounded<Record<string, unknown>>(query.connection, budget, sql, parameters as unknown[]);
  return rows.map((row) => toEntity(query, row));
}

/** The entity in a row whose columns are named as a query builder names those of its alias `t`. */
export function toEntity<T extends ObjectLiteral>(
  query: SelectQueryBuilder<T>,
  row: Readonly<Record<string, unknown>>,
): T {
  const { metadata } = query.expressionMap.mainAlias!;
  const entity = metadata.create(undefined, { fromDeserializer: true });
  for (const column of metadata.columns) {
    const value = row[`t_${column.databaseName}`];
    if (value === undefined) continue; // A column that is read by name alone, such as an embedding.
    column.setEntityValue(entity, query.connection.driver.prepareHydratedValue(value, column));
  }
  return entity as T;
}
