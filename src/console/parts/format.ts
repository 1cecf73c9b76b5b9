const NUMBER = new Intl.NumberFormat(undefined);
const PERCENT = new Intl.NumberFormat(undefined, { style: "percent", maximumFractionDigits: 0 });
const ABSOLUTE = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "long" });
const RELATIVE = new Intl.RelativeTimeFormat("en", { numeric: "always", style: "short" });
const UNITS: readonly (readonly [Intl.RelativeTimeFormatUnit, number])[] = [
  ["day", 86_400_000],
  ["hour", 3_600_000],
  ["minute", 60_000],
  ["second", 1_000],
];

/** A whole number, grouped as the reader is used to it. */
export function count(value: number): string {
  return NUMBER.format(value);
}

/** A number with its noun: "1 task", "2 tasks". */
export function counted(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

/** 0 to 1 as a percentage; 100 % only when all is done. */
export function percent(value: number): string {
  return PERCENT.format(value < 1 ? Math.min(value, 0.99) : 1);
}

/** In the reader's language and time zone. */
export function absolute(at: string | number): string {
  return ABSOLUTE.format(new Date(at));
}

/** Such as "3 min. ago". */
export function relative(at: string | number, nowMs: number): string {
  const differenceMs = new Date(at).getTime() - nowMs;
  const [unit, ms] = UNITS.find(([, unitMs]) => Math.abs(differenceMs) >= unitMs) ?? ["second", 1_000];
  if (Math.abs(differenceMs) < 1_000) return "just now";
  return RELATIVE.format(Math.trunc(differenceMs / ms), unit);
}

/** Such as "850 ms", "12.4 s", "3 min 5 s", "2 h 10 min". */
export function duration(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1_000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1_000);
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 1_440) return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
  return `${Math.floor(minutes / 1_440)} d ${Math.floor((minutes % 1_440) / 60)} h`;
}

/** The same as far as an estimate is worth it: "40 s", "8 min", "2.5 h". */
export function roughly(ms: number): string {
  if (ms < 90_000) return `${Math.round(ms / 1_000)} s`;
  if (ms < 5_400_000) return `${Math.round(ms / 60_000)} min`;
  return `${Math.round(ms / 1_800_000) / 2} h`;
}

const SIZES = ["bytes", "KB", "MB", "GB", "TB"];

/** Such as "1.2 MB", by thousands. */
export function size(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1_000 && unit < SIZES.length - 1) {
    value /= 1_000;
    unit += 1;
  }
  if (unit === 0) return counted(value, "byte");
  return `${value.toFixed(1)} ${SIZES[unit]}`;
}
