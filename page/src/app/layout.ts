import ELK, { type ElkNode } from "elkjs/lib/elk-api";
import workerAddress from "elkjs/lib/elk-worker.min.js?url";

export interface Layout {
  places: Map<string, { x: number; y: number }>;
  width: number;
  height: number;
}

let engine: InstanceType<typeof ELK> | null = null;

/** Lays a graph out from left to right, in a worker. */
export async function layOut(nodes: { id: string; width: number; height: number }[], edges: { from: string; to: string }[]): Promise<Layout> {
  engine ??= new ELK({ workerUrl: workerAddress });
  const known = new Set(nodes.map((node) => node.id));
  const wanted: ElkNode = {
    id: "graph",
    layoutOptions: {
      "elk.algorithm": "layered",
      "elk.direction": "RIGHT",
      "elk.layered.spacing.nodeNodeBetweenLayers": "52",
      "elk.spacing.nodeNode": "20",
      "elk.layered.nodePlacement.strategy": "NETWORK_SIMPLEX",
      "elk.layered.considerModelOrder.strategy": "NODES_AND_EDGES",
    },
    children: nodes,
    edges: edges.filter((edge) => known.has(edge.from) && known.has(edge.to)).map((edge) => ({ id: `${edge.from}>${edge.to}`, sources: [edge.from], targets: [edge.to] })),
  };
  const graph: ElkNode = await engine.layout(wanted);
  return {
    places: new Map((graph.children ?? []).map((node) => [node.id, { x: node.x ?? 0, y: node.y ?? 0 }])),
    width: graph.width ?? 0,
    height: graph.height ?? 0,
  };
}
