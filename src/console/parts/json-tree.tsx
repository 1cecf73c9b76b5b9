import { count, counted } from "./format.js";

/** So many entries of one object or list are shown at once. */
const MAX_ENTRIES = 200;

/** A JSON value whose objects and lists open and close. */
export function JsonTree({
  value,
  name,
  isOpen = true,
}: {
  readonly value: unknown;
  readonly name?: string;
  readonly isOpen?: boolean;
}) {
  const label = name === undefined ? null : <span className="json-name">{name}: </span>;
  if (typeof value !== "object" || value === null) {
    return (
      <div className="json-leaf">
        {label}
        <span className={`json-${value === null ? "null" : typeof value}`}>{JSON.stringify(value)}</span>
      </div>
    );
  }
  const entries = Object.entries(value);
  const kind = Array.isArray(value) ? counted(entries.length, "entry", "entries") : counted(entries.length, "field");
  if (entries.length === 0) {
    return (
      <div className="json-leaf">
        {label}
        <span className="faint">{Array.isArray(value) ? "[]" : "{}"}</span>
      </div>
    );
  }
  return (
    <details className="json" open={isOpen}>
      <summary>
        {label}
        <span className="faint">{kind}</span>
      </summary>
      <div className="json-inside">
        {entries.slice(0, MAX_ENTRIES).map(([key, inner]) => (
          <JsonTree key={key} name={key} value={inner} isOpen={entries.length <= 12} />
        ))}
        {entries.length > MAX_ENTRIES && <div className="faint">… and {count(entries.length - MAX_ENTRIES)} more</div>}
      </div>
    </details>
  );
}
