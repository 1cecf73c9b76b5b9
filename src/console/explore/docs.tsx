import { TextInput } from "@mantine/core";
import {
  getNamedType,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isObjectType,
  isUnionType,
  type GraphQLArgument,
  type GraphQLNamedType,
  type GraphQLSchema,
  type GraphQLType,
} from "graphql";
import { useMemo, useState } from "react";
import { counted } from "../parts/format.js";
import { Icon } from "../parts/icons.js";
import { Empty, Loading } from "../parts/states.js";
import type { KnownSchema } from "./use-schema.js";

interface DocsProps {
  readonly known: KnownSchema;
  /** The name of the type that is shown; null: where one begins. */
  readonly type: string | null;
  readonly onShow: (type: string | null) => void;
}

const MAX_FOUND = 60;

/** What the schema says of its types and fields. */
export function Docs({ known: { schema, fault }, type: name, onShow }: DocsProps) {
  const [wanted, setWanted] = useState("");
  if (!schema) {
    if (fault === null) return <Loading rows={8} />;
    return (
      <Empty icon="warning" title="Can't load the schema">
        {fault} Without the schema, documentation and completion are not available.
      </Empty>
    );
  }
  const type = name === null ? null : schema.getType(name);
  return (
    <div className="docs stack">
      <TextInput
        label="Search types and fields"
        leftSection={<Icon name="search" />}
        value={wanted}
        onChange={({ currentTarget }) => setWanted(currentTarget.value)}
      />
      {wanted.trim() !== "" ? (
        <Found
          schema={schema}
          wanted={wanted.trim()}
          onShow={(found) => {
            setWanted("");
            onShow(found);
          }}
        />
      ) : type ? (
        <>
          <button type="button" className="docs-back" onClick={() => onShow(null)}>
            <Icon name="left" size={14} /> Full schema
          </button>
          <TypeDocs type={type} onShow={onShow} />
        </>
      ) : (
        <Beginning schema={schema} onShow={onShow} />
      )}
    </div>
  );
}

interface Showing {
  readonly onShow: (type: string) => void;
}

function Beginning({ schema, onShow }: { readonly schema: GraphQLSchema } & Showing) {
  const roots = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()];
  return (
    <>
      <p className="faint">
        Every operation starts from one of these types. Ctrl-click a field in the editor to see its type.
      </p>
      <ul className="plain-list">
        {roots
          .filter((root) => root !== null && root !== undefined)
          .map((root) => (
            <li key={root.name}>
              <TypeLink type={root} onShow={onShow} />{" "}
              <span className="faint">{counted(Object.keys(root.getFields()).length, "field")}</span>
            </li>
          ))}
      </ul>
    </>
  );
}

function Found({ schema, wanted, onShow }: { readonly schema: GraphQLSchema; readonly wanted: string } & Showing) {
  const found = useMemo(() => {
    const part = wanted.toLowerCase();
    return Object.values(schema.getTypeMap())
      .filter(({ name }) => !name.startsWith("__"))
      .flatMap((type) => {
        const fields = fieldsOf(type).filter(({ name }) => name.toLowerCase().includes(part));
        const own = type.name.toLowerCase().includes(part) ? [{ type, field: null as string | null }] : [];
        return [...own, ...fields.map(({ name }) => ({ type, field: name as string | null }))];
      });
  }, [schema, wanted]);
  if (found.length === 0) return <Empty title={`No results for "${wanted}"`} />;
  return (
    <>
      <ul className="plain-list">
        {found.slice(0, MAX_FOUND).map(({ type, field }) => (
          <li key={`${type.name}.${field}`}>
            <TypeLink type={type} onShow={onShow} />
            {field !== null && <code>.{field}</code>}
          </li>
        ))}
      </ul>
      {found.length > MAX_FOUND && (
        <p className="faint">… and {found.length - MAX_FOUND} more. Type more of the name to narrow the list.</p>
      )}
    </>
  );
}

function TypeDocs({ type, onShow }: { readonly type: GraphQLNamedType } & Showing) {
  const fields = fieldsOf(type);
  return (
    <article className="stack">
      <h2>{type.name}</h2>
      {type.description && <p>{type.description}</p>}
      {(isUnionType(type) || isInterfaceType(type)) && <p className="faint">One of these types:</p>}
      {isUnionType(type) && (
        <ul className="plain-list">
          {type.getTypes().map((one) => (
            <li key={one.name}>
              <TypeLink type={one} onShow={onShow} />
            </li>
          ))}
        </ul>
      )}
      {fields.length > 0 && (
        <dl className="docs-fields">
          {fields.map((field) => (
            <div key={field.name}>
              <dt>
                <code>{field.name}</code>
                {field.args.length > 0 && (
                  <ul className="docs-arguments">
                    {field.args.map((argument) => (
                      <li key={argument.name}>
                        <code>{argument.name}</code>: <TypeLink type={argument.type} onShow={onShow} />{" "}
                        <span className="faint">{argument.description}</span>
                      </li>
                    ))}
                  </ul>
                )}
                {field.type !== null && (
                  <>
                    : <TypeLink type={field.type} onShow={onShow} />
                  </>
                )}
              </dt>
              <dd>
                {field.description}
                {field.deprecated && <strong className="tone-mixed"> Deprecated: {field.deprecated}</strong>}
              </dd>
            </div>
          ))}
        </dl>
      )}
    </article>
  );
}

function TypeLink({ type, onShow }: { readonly type: GraphQLType } & Showing) {
  return (
    <button type="button" className="docs-type" onClick={() => onShow(getNamedType(type).name)}>
      {String(type)}
    </button>
  );
}

interface FieldDocs {
  readonly name: string;
  readonly description: string;
  readonly type: GraphQLType | null;
  readonly args: readonly GraphQLArgument[];
  readonly deprecated: string;
}

function fieldsOf(type: GraphQLNamedType): readonly FieldDocs[] {
  if (isEnumType(type)) {
    return type.getValues().map(({ name, description, deprecationReason }) => ({
      name,
      description: description ?? "",
      type: null,
      args: [],
      deprecated: deprecationReason ?? "",
    }));
  }
  if (!isObjectType(type) && !isInterfaceType(type) && !isInputObjectType(type)) return [];
  return Object.values(type.getFields()).map((field) => ({
    name: field.name,
    description: field.description ?? "",
    type: field.type,
    args: "args" in field ? field.args : [],
    deprecated: field.deprecationReason ?? "",
  }));
}
