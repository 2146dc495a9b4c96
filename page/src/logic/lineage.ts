import type { Lineage } from "../api/types";

/** The part of a lineage that leads to a dataset or comes from it; all of it when none is named. */
export function around(lineage: Lineage, dataset: string | undefined): Lineage {
  if (dataset === undefined) {
    return lineage;
  }
  const start = `dataset:${dataset}`;
  const kept = new Set([...reached(lineage, start, "from", "to"), ...reached(lineage, start, "to", "from")]);
  return { nodes: lineage.nodes.filter((node) => kept.has(node.id)), edges: lineage.edges.filter((edge) => kept.has(edge.from) && kept.has(edge.to)) };
}

function reached(lineage: Lineage, start: string, near: "from" | "to", far: "from" | "to"): Set<string> {
  const found = new Set([start]);
  const waiting = [start];
  for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
    for (const edge of lineage.edges) {
      if (edge[near] === at && !found.has(edge[far])) {
        found.add(edge[far]);
        waiting.push(edge[far]);
      }
    }
  }
  return found;
}

/** Who writes a dataset and who reads it. */
export function endsOf(lineage: Lineage, dataset: string): { producers: string[]; consumers: string[] } {
  const id = `dataset:${dataset}`;
  const names = new Map(lineage.nodes.map((node) => [node.id, node.name]));
  const named = (ids: string[]) => ids.map((one) => names.get(one) ?? one).sort();
  return { producers: named(lineage.edges.filter((edge) => edge.to === id).map((edge) => edge.from)), consumers: named(lineage.edges.filter((edge) => edge.from === id).map((edge) => edge.to)) };
}
