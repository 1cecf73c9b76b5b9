import { Link, type LinkProps } from "@tanstack/react-router";
import type { ReactNode } from "react";

/** The ways to the parts of a screen, each with an address of its own. */
export function Sections({ label, children }: { readonly label: string; readonly children: ReactNode }) {
  return (
    <nav className="sections" aria-label={label}>
      {children}
    </nav>
  );
}

/** One of them; `isExact` where others lie below its address. */
export function SectionLink({
  to,
  isExact = false,
  children,
}: Pick<LinkProps, "to"> & { readonly isExact?: boolean; readonly children: ReactNode }) {
  return (
    <Link to={to} activeOptions={{ exact: isExact, includeSearch: false }} activeProps={{ "aria-current": "page" }}>
      {children}
    </Link>
  );
}
