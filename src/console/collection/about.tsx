import { Fact } from "../parts/fact.js";
import { JsonTree } from "../parts/json-tree.js";
import { Panel } from "../parts/states.js";
import { When } from "../parts/when.js";
import type { ShownCollection } from "./shown-collection.js";

/** What its maker keeps with it. */
export function AboutCollection({ collection }: { readonly collection: ShownCollection }) {
  const { id, metadata, version, statusChangedAt } = collection;
  const isEmpty = typeof metadata !== "object" || metadata === null || Object.keys(metadata).length === 0;
  return (
    <>
      <Panel title="Metadata">
        {isEmpty ? (
          <p className="faint">No metadata. To add some for pipelines to read, select “Edit…”.</p>
        ) : (
          <JsonTree value={metadata} />
        )}
      </Panel>
      <Panel title="Record">
        <dl className="facts">
          <Fact name="ID">
            <code>{id}</code>
          </Fact>
          <Fact name="Status changes">{version}</Fact>
          <Fact name="Last change">
            <When at={statusChangedAt} />
          </Fact>
        </dl>
      </Panel>
    </>
  );
}
