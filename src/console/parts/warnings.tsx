import type { WarningPartsFragment } from "../generated/operations.js";
import { count } from "./format.js";

const MAX_PAGES = 12;

/** What was noticed that failed nothing. */
export function WarningList({ warnings }: { readonly warnings: readonly WarningPartsFragment[] }) {
  return (
    <ul className="reasons">
      {warnings.map(({ code, message, pages }) => (
        <li key={`${code} ${message}`}>
          <code className="code">{code}</code> {message}
          {pages.length > 0 && (
            <span className="faint">
              {" "}
              {pages.length === 1 ? "Page" : "Pages"} {pages.slice(0, MAX_PAGES).join(", ")}
              {pages.length > MAX_PAGES && ` and ${count(pages.length - MAX_PAGES)} more`}.
            </span>
          )}
        </li>
      ))}
    </ul>
  );
}
