import type { ReactNode } from "react";
import { SectionLink, Sections } from "../parts/sections.js";
import { useTitle } from "../parts/title.js";

interface FrameProps {
  readonly title: string;
  readonly children: ReactNode;
}

/** What stands around every part of Operations. */
export function OperationsFrame({ title, children }: FrameProps) {
  useTitle(title);
  return (
    <div className="screen">
      <div className="screen-head">
        <h1>{title}</h1>
        <Sections label="Operations sections">
          <SectionLink to="/operations" isExact>
            Health
          </SectionLink>
          <SectionLink to="/operations/keys">Keys</SectionLink>
          <SectionLink to="/operations/webhooks">Webhooks</SectionLink>
          <SectionLink to="/operations/expiry">Expiry</SectionLink>
        </Sections>
      </div>
      {children}
    </div>
  );
}
