import { SectionLink, Sections } from "../parts/sections.js";

/** Who does the work, and what work there is. */
export function WorkSections() {
  return (
    <Sections label="Workers and pipelines">
      <SectionLink to="/workers">Workers</SectionLink>
      <SectionLink to="/pipelines">Pipelines</SectionLink>
    </Sections>
  );
}
