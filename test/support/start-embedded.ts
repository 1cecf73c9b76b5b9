import pg from "pg";
import { startEmbeddedPostgres } from "../../src/database/embedded.js";

/** Starts the embedded database over the folder given, leaves a row in it, and dies without a word. */
const server = await startEmbeddedPostgres({ dataDir: process.argv[2]! });
const client = new pg.Client({ connectionString: server.url });
await client.connect();
await client.query("create table kept as select 'kept' as word");
await client.end();
process.kill(process.pid, "SIGKILL");
