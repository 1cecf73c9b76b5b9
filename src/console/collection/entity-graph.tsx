import { useMemo } from "react";
import type { NamedEntityType } from "../generated/operations.js";
import { counted } from "../parts/format.js";
import type { CollectionEntitiesQuery } from "../generated/operations.js";
import { HEIGHT, layoutOf, WIDTH, type GraphEdge } from "./layout.js";

type Entity = NonNullable<CollectionEntitiesQuery["collection"]>["entities"]["nodes"][number];

interface EntityGraphProps {
  readonly entities: readonly Entity[];
  readonly chosen: Entity | null;
  readonly onChoose: (id: string) => void;
}

const RADIUS = { least: 7, most: 24 };

/** A picture of names: circles by how often they are named, lines by how often together. The table beside it says the same. */
export function EntityGraph({ entities, chosen, onChoose }: EntityGraphProps) {
  const edges = useMemo(() => edgesOf(entities), [entities]);
  const most = Math.max(1, ...entities.map(({ mentions }) => mentions));
  const places = useMemo(() => {
    const nodes = entities.map(({ id, mentions }) => ({ id, weight: mentions / most }));
    return new Map(layoutOf(nodes, edges).map((node) => [node.id, node]));
  }, [entities, edges, most]);
  const near = new Set(edges.flatMap(({ from, to }) => (from === chosen?.id ? [to] : to === chosen?.id ? [from] : [])));
  const isFaint = (id: string): boolean => chosen !== null && id !== chosen.id && !near.has(id);
  return (
    <svg
      className="graph"
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      role="img"
      aria-label={`${counted(entities.length, "name")} and the names they appear with. The table below has the same data.`}
    >
      <g>
        {edges.map(({ from, to, weight }) => {
          const [a, b] = [places.get(from)!, places.get(to)!];
          const isNear = from === chosen?.id || to === chosen?.id;
          return (
            <line
              key={`${from} ${to}`}
              className="graph-edge"
              data-near={isNear}
              data-faint={chosen !== null && !isNear}
              x1={a.x}
              y1={a.y}
              x2={b.x}
              y2={b.y}
              strokeWidth={1 + 3 * weight}
            />
          );
        })}
      </g>
      {entities.map(({ id, name, type, mentions }) => {
        const { x, y } = places.get(id)!;
        const radius = RADIUS.least + (RADIUS.most - RADIUS.least) * Math.sqrt(mentions / most);
        return (
          <g key={id} className="graph-node" data-faint={isFaint(id)} onClick={() => onChoose(id)}>
            <Shape type={type} x={x} y={y} radius={radius} isChosen={id === chosen?.id} />
            <text x={x} y={y + radius + 15} className="graph-name">
              {name.length > 24 ? `${name.slice(0, 23)}…` : name}
            </text>
            <title>{`${name}, mentioned ${counted(mentions, "time")}`}</title>
          </g>
        );
      })}
    </svg>
  );
}

interface ShapeProps {
  readonly type: NamedEntityType;
  readonly x: number;
  readonly y: number;
  readonly radius: number;
  readonly isChosen: boolean;
}

/** People are circles, organisations squares, places diamonds: colour is not the only sign. */
function Shape({ type, x, y, radius, isChosen }: ShapeProps) {
  const common = { className: `graph-shape graph-${type.toLowerCase()}`, "data-chosen": isChosen };
  if (type === "PERSON") return <circle {...common} cx={x} cy={y} r={radius} />;
  const side = radius * 1.75;
  const turn = type === "PLACE" ? `rotate(45 ${x} ${y})` : undefined;
  return <rect {...common} x={x - side / 2} y={y - side / 2} width={side} height={side} rx="3" transform={turn} />;
}

/** Each pair once, among the names that are shown. */
function edgesOf(entities: readonly Entity[]): readonly GraphEdge[] {
  const shown = new Set(entities.map(({ id }) => id));
  const pairs = new Map<string, { readonly from: string; readonly to: string; readonly together: number }>();
  for (const { id, related } of entities) {
    for (const { together, entity } of related) {
      if (!shown.has(entity.id)) continue;
      const [from, to] = id < entity.id ? [id, entity.id] : [entity.id, id];
      pairs.set(`${from} ${to}`, { from, to, together });
    }
  }
  const most = Math.max(1, ...[...pairs.values()].map(({ together }) => together));
  return [...pairs.values()].map(({ from, to, together }) => ({ from, to, weight: together / most }));
}
