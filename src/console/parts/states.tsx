import { Button, Skeleton } from "@mantine/core";
import type { ReactNode } from "react";
import type { Fault } from "../api/fault.js";
import { Icon, type IconName } from "./icons.js";

/** Where there is nothing: what that means, and what could be done. */
export function Empty({
  icon = "search",
  title,
  children,
}: {
  readonly icon?: IconName;
  readonly title: string;
  readonly children?: ReactNode;
}) {
  return (
    <div className="state">
      <Icon name={icon} size={28} />
      <p className="state-title">{title}</p>
      {children !== undefined && <div className="state-text">{children}</div>}
    </div>
  );
}

/** What went wrong and what to do; what was there before stays beside it. */
export function FaultNote({ fault, again }: { readonly fault: Fault; readonly again?: () => void }) {
  return (
    <div className="note tone-bad" role="alert">
      <Icon name="warning" />
      <div>
        <strong>{fault.title}.</strong> {fault.message}
      </div>
      {fault.mayPass && again && (
        <Button size="compact-sm" variant="default" onClick={again}>
          Try again
        </Button>
      )}
    </div>
  );
}

export function Loading({ rows = 4 }: { readonly rows?: number }) {
  return (
    <div role="status" aria-label="Loading">
      {Array.from({ length: rows }, (_, row) => (
        <Skeleton key={row} height={28} mb={8} radius="sm" />
      ))}
    </div>
  );
}

interface PanelProps {
  readonly title: string;
  readonly aside?: ReactNode;
  readonly children: ReactNode;
  readonly id?: string;
}

/** A part of a screen under its heading. */
export function Panel({ title, aside, children, id }: PanelProps) {
  const heading = `${id ?? title.toLowerCase().replaceAll(/\W+/g, "-")}-heading`;
  return (
    <section className="panel" aria-labelledby={heading} id={id}>
      <header className="panel-head">
        <h2 id={heading}>{title}</h2>
        {aside !== undefined && <div className="panel-aside">{aside}</div>}
      </header>
      {children}
    </section>
  );
}

/** What a loading, failed or loaded question shows. Data that is there stays, whatever comes after. */
export function Shown<Data>({
  asked,
  rows,
  children,
}: {
  readonly asked: {
    readonly data: Data | undefined;
    readonly fault: Fault | null;
    readonly isLoading: boolean;
    readonly again: () => void;
  };
  readonly rows?: number;
  readonly children: (data: Data) => ReactNode;
}) {
  const { data, fault, isLoading, again } = asked;
  return (
    <>
      {fault !== null && <FaultNote fault={fault} again={again} />}
      {isLoading && <Loading rows={rows ?? 4} />}
      {data !== undefined && children(data)}
    </>
  );
}
