/** Of the lines that a stage writes to its log, the least first; the database keeps their places in this list, from 1. */
export const STAGE_LOG_LEVELS = ["DEBUG", "INFO", "WARN", "ERROR"] as const;
