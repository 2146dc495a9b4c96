import ELK, { type ElkNode } from "elkjs/lib/elk-api";
import workerAddress from "elkjs/lib/elk-worker.min.js?url";

export type Direction = "RIGHT" | "DOWN";

export interface Point {
  x: number;
  y: number;
}

export interface Layout {
  direction: Direction;
  places: Map<string, Point>;
  /** How each edge runs, around the nodes between its ends; by `from>to`. */
  routes: Map<string, Point[]>;
  width: number;
  height: number;
}

interface Box {
  id: string;
  width: number;
  height: number;
}
interface Track {
  from: string;
  to: string;
}

let engine: InstanceType<typeof ELK> | null = null;

/** Below this share of its size a label can no longer be read. */
const leastScale = 0.72;

/** Lays a graph out from left to right, or from top to bottom where it would be too small to read in the width there is. In a worker. */
export async function layOut(width: number, nodes: Box[], edges: Track[]): Promise<Layout> {
  const right = await layOutTo("RIGHT", nodes, edges);
  if (width / right.width >= leastScale) {
    return right;
  }
  const down = await layOutTo("DOWN", nodes, edges);
  return width / down.width > width / right.width ? down : right;
}

async function layOutTo(direction: Direction, nodes: Box[], edges: Track[]): Promise<Layout> {
  engine ??= new ELK({ workerUrl: workerAddress });
  const known = new Set(nodes.map((node) => node.id));
  const wanted: ElkNode = {
    id: "graph",
    layoutOptions: {
      "elk.algorithm": "layered",
      "elk.direction": direction,
      "elk.layered.spacing.nodeNodeBetweenLayers": direction === "RIGHT" ? "48" : "34",
      "elk.spacing.nodeNode": "20",
      "elk.layered.nodePlacement.strategy": "NETWORK_SIMPLEX",
      "elk.layered.considerModelOrder.strategy": "NODES_AND_EDGES",
    },
    children: nodes,
    edges: edges.filter((edge) => known.has(edge.from) && known.has(edge.to)).map((edge) => ({ id: `${edge.from}>${edge.to}`, sources: [edge.from], targets: [edge.to] })),
  };
  const graph: ElkNode = await engine.layout(wanted);
  return {
    direction,
    places: new Map((graph.children ?? []).map((node) => [node.id, { x: node.x ?? 0, y: node.y ?? 0 }])),
    routes: new Map((graph.edges ?? []).flatMap((edge) => (edge.sections ?? []).map((section) => [edge.id, [section.startPoint, ...(section.bendPoints ?? []), section.endPoint]] as const))),
    width: graph.width ?? 0,
    height: graph.height ?? 0,
  };
}
