import { destination, pino, stdTimeFunctions, type Logger } from "pino";
import type { LogLevel } from "./settings.js";

export type { Logger };

/** One JSON object a line, on standard error, so that standard output stays the command's own. Secrets are hidden. */
export function createLogger(level: LogLevel): Logger {
  return pino(
    {
      level,
      base: { pid: process.pid },
      timestamp: stdTimeFunctions.isoTime,
      redact: [
        "authorization",
        "*.authorization",
        "password",
        "*.password",
        "databaseUrl",
        "databaseDirectUrl",
        "redisUrl",
      ],
    },
    destination({ fd: 2, sync: true }),
  );
}
