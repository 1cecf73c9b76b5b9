import { createDataSource } from "./src/database/data-source.js";
import { prepareSchema } from "./src/database/migrate.js";
import { reachDatabase } from "./src/database/reach.js";
import { loadConfig } from "./src/config.js";

const config = loadConfig();
if (config.databaseUrl === null) {
  throw new Error("DATABASE_URL is not set; the TypeORM command line needs the database it is to work on.");
}
const { schema: address } = await reachDatabase(config);
await prepareSchema(address, config.databaseSchema);

/** For the TypeORM command line: `npm run typeorm -- migration:show`. */
export const dataSource = createDataSource(address.url, { schema: config.databaseSchema, route: address.route });
