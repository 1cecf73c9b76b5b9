import { createDataSource } from "./src/database/data-source.js";
import { prepareSchema } from "./src/database/migrate.js";
import { loadConfig } from "./src/config.js";

const { databaseUrl, databaseSchema: schema } = loadConfig();
if (databaseUrl === null) {
  throw new Error("DATABASE_URL is not set; the TypeORM command line needs the database it is to work on.");
}
await prepareSchema(databaseUrl, schema);

/** For the TypeORM command line: `npm run typeorm -- migration:show`. */
export const dataSource = createDataSource(databaseUrl, { schema });
