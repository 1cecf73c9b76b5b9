import { MultiSelect } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useEffect, useEffectEvent, useMemo } from "react";
import { useAsked } from "../api/ask.js";
import { MEANINGS } from "../generated/meanings.js";
import {
  CollectionEntitiesDocument,
  EntityDocumentsDocument,
  type CollectionEntitiesQuery,
  type NamedEntityType,
} from "../generated/operations.js";
import { count, counted } from "../parts/format.js";
import { Empty, Panel, Shown } from "../parts/states.js";
import type { CollectionSearch } from "../shell/search-of-collections.js";
import { EntityGraph } from "./entity-graph.js";
import type { ShownCollection } from "./shown-collection.js";

type Entity = NonNullable<CollectionEntitiesQuery["collection"]>["entities"]["nodes"][number];
/** As many as can be looked at in one picture. */
const FIRST = 40;
const TYPES: readonly NamedEntityType[] = ["PERSON", "ORGANIZATION", "PLACE"];
const TYPE_WORDS: Readonly<Record<NamedEntityType, string>> = {
  PERSON: "Person",
  ORGANIZATION: "Organisation",
  PLACE: "Place",
};

interface EntitiesProps {
  readonly collection: ShownCollection;
  readonly search: CollectionSearch;
  readonly onChange: (part: Partial<CollectionSearch>) => void;
  readonly revision: number;
}

/** Whom and what the documents name: those named most, drawn near those that they are named with. */
export function Entities({ collection, search, onChange, revision }: EntitiesProps) {
  const type = search.kind ? [...search.kind] : null;
  const asked = useAsked(CollectionEntitiesDocument, { id: collection.id, type, first: FIRST });
  const again = useEffectEvent(asked.again);
  useEffect(() => again(), [revision]);
  return (
    <section aria-label="Names" className="stack">
      <search className="filters" data-shortcut="/" aria-label="Name filters">
        <MultiSelect
          label="Type"
          placeholder={search.kind ? undefined : "Any"}
          data={TYPES.map((value) => ({ value, label: TYPE_WORDS[value] }))}
          value={[...(search.kind ?? [])]}
          onChange={(kind) => onChange({ kind: kind.length > 0 ? (kind as NamedEntityType[]) : undefined })}
          clearable
          size="xs"
        />
      </search>
      <Shown asked={asked} rows={8}>
        {({ collection: found }) => {
          const { nodes = [], totalCount = 0 } = found?.entities ?? {};
          if (nodes.length === 0) {
            return (
              <Empty title={search.kind ? "No names of this type" : "No names found"}>
                The stage <code>graph</code> of the pipeline <code>documents</code> finds people, places and
                organisations in English text after all documents of a job are processed.
              </Empty>
            );
          }
          return <Names nodes={nodes} totalCount={totalCount} search={search} onChange={onChange} />;
        }}
      </Shown>
    </section>
  );
}

interface NamesProps {
  readonly nodes: readonly Entity[];
  readonly totalCount: number | null;
  readonly search: CollectionSearch;
  readonly onChange: (part: Partial<CollectionSearch>) => void;
}

function Names({ nodes, totalCount, search, onChange }: NamesProps) {
  const chosen = useMemo(() => nodes.find(({ id }) => id === search.entity) ?? null, [nodes, search.entity]);
  const choose = (id: string): void => onChange({ entity: id === search.entity ? undefined : id });
  return (
    <>
      <p className="faint" role="status">
        {totalCount !== null && totalCount <= nodes.length
          ? counted(nodes.length, "name")
          : `The ${count(nodes.length)} most frequent names of ${totalCount === null ? "more than 10,000" : count(totalCount)}`}
        . Lines connect names that appear in the same passages.
      </p>
      <div className="names">
        <EntityGraph entities={nodes} chosen={chosen} onChoose={choose} />
        <div className="stack">
          {chosen && <ChosenEntity entity={chosen} nodes={nodes} onChoose={choose} />}
          <EntityTable nodes={nodes} chosen={chosen} onChoose={choose} />
        </div>
      </div>
    </>
  );
}

interface EntityTableProps {
  readonly nodes: readonly Entity[];
  readonly chosen: Entity | null;
  readonly onChoose: (id: string) => void;
}

/** The same as the picture, to be read. */
function EntityTable({ nodes, chosen, onChoose }: EntityTableProps) {
  return (
    <table className="rows">
      <caption className="for-readers">Names, most frequent first</caption>
      <thead>
        <tr>
          <th scope="col">Name</th>
          <th scope="col">Type</th>
          <th scope="col" className="number">
            Mentions
          </th>
        </tr>
      </thead>
      <tbody>
        {nodes.map(({ id, name, type, mentions, documentCount }) => (
          <tr key={id} data-chosen={id === chosen?.id}>
            <td>
              <button
                type="button"
                className="plain name-button"
                aria-pressed={id === chosen?.id}
                onClick={() => onChoose(id)}
              >
                {name}
              </button>
            </td>
            <td title={MEANINGS.NamedEntityType![type]}>{TYPE_WORDS[type]}</td>
            <td className="number" title={`in ${counted(documentCount, "document")}`}>
              {count(mentions)}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

interface ChosenEntityProps {
  readonly entity: Entity;
  readonly nodes: readonly Entity[];
  readonly onChoose: (id: string) => void;
}

function ChosenEntity({ entity, nodes, onChoose }: ChosenEntityProps) {
  const { id, name, type, mentions, documentCount, related } = entity;
  const asked = useAsked(EntityDocumentsDocument, { id });
  const names = new Map(nodes.map((one) => [one.id, one.name]));
  const near = related.filter((one) => names.has(one.entity.id));
  return (
    <Panel title={name} id="chosen-name" aside={<span className="faint">{TYPE_WORDS[type]}</span>}>
      <p>
        Mentioned {counted(mentions, "time")} in {counted(documentCount, "document")}.
      </p>
      {near.length > 0 && (
        <>
          <h3>Appears with</h3>
          <ul className="plain-list">
            {near.map((one) => (
              <li key={one.entity.id}>
                <button type="button" className="plain name-button" onClick={() => onChoose(one.entity.id)}>
                  {names.get(one.entity.id)}
                </button>{" "}
                <span className="faint">in {counted(one.together, "passage")}</span>
              </li>
            ))}
          </ul>
        </>
      )}
      <h3>Documents with the most mentions</h3>
      <Shown asked={asked} rows={2}>
        {({ node }) => (
          <ul className="plain-list">
            {(node && "documents" in node ? node.documents : []).map((document) => (
              <li key={document.id}>
                {document.lastTask === null ? (
                  document.name
                ) : (
                  <Link to="/tasks/$id" params={{ id: document.lastTask.id }} search={{ tab: "text" }}>
                    {document.name}
                  </Link>
                )}
              </li>
            ))}
          </ul>
        )}
      </Shown>
    </Panel>
  );
}
