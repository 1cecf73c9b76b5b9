import type { ReactNode } from "react";
import { Empty } from "./states.js";

/** A part that the key's role may not see: which role it takes, and what is possible all the same. */
export function Forbidden({
  title,
  reason,
  children,
}: {
  readonly title: string;
  readonly reason: string;
  readonly children?: ReactNode;
}) {
  return (
    <Empty icon="barred" title={title}>
      {reason} Sign in with such a key, or ask someone who has one.
      {children}
    </Empty>
  );
}
