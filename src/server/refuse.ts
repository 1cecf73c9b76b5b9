import type { Response } from "express";

/** Answers with an error, in JSON: what is wrong, with the value, and what to do. */
export function refuse(res: Response, status: number, code: string, message: string): void {
  res.status(status).json({ error: { code, message } });
}
