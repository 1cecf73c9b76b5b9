/** When a day such as 2026-03-01 begins in the reader's time zone. */
export function beginOf(day: string): string {
  return new Date(`${day}T00:00:00`).toISOString();
}

/** When the day after it begins. */
export function endOf(day: string): string {
  const date = new Date(`${day}T00:00:00`);
  date.setDate(date.getDate() + 1);
  return date.toISOString();
}
