import { Background, Controls, type Edge, Handle, type Node, type NodeProps, Position, ReactFlow } from "@xyflow/react";
import "@xyflow/react/dist/style.css";
import { useEffect, useMemo, useState } from "react";
import { layOut, type Layout } from "../../app/layout";
import { Signal } from "../../design/Signal";
import type { GraphNode } from "../../logic/run";
import { signalOf, wordsOf } from "../../logic/states";

const size = { width: 190, height: 46 };

interface StationData extends Record<string, unknown> {
  station: GraphNode;
  isSelected: boolean;
  select: (name: string) => void;
}

function StationNode({ data }: NodeProps<Node<StationData>>) {
  const { station, isSelected, select } = data;
  return (
    <>
      <Handle type="target" position={Position.Left} isConnectable={false} />
      <button type="button" className={`graph-station is-${signalOf(station.state)} nodrag`} aria-pressed={isSelected} onClick={() => select(station.name)} title={`${station.name}: ${wordsOf(station.state)}`}>
        <Signal state={station.state} />
        <span>
          <b>{station.name}</b>
          <small>{station.note || (station.state === "none" ? station.kind : wordsOf(station.state))}</small>
        </span>
      </button>
      <Handle type="source" position={Position.Right} isConnectable={false} />
    </>
  );
}

const nodeTypes = { station: StationNode };

/** The tasks as stations, joined by what each needs. Where each lies is worked out beside the page's thread. */
export default function Graph({ nodes, selected, onSelect }: { nodes: GraphNode[]; selected: string | undefined; onSelect: (name: string) => void }) {
  const [layout, setLayout] = useState<Layout | null>(null);
  const shape = nodes.map((node) => `${node.name}<${node.needs.join(",")}`).join(";");
  // biome-ignore lint: the layout depends on the shape of the graph, not on the states that change every second.
  useEffect(() => {
    let isWanted = true;
    void layOut(
      nodes.map((node) => ({ id: node.name, ...size })),
      nodes.flatMap((node) => node.needs.map((need) => ({ from: need, to: node.name }))),
    ).then((found) => isWanted && setLayout(found));
    return () => {
      isWanted = false;
    };
  }, [shape]);
  const [flowNodes, flowEdges] = useMemo(() => {
    const places = layout?.places ?? new Map();
    const states = new Map(nodes.map((node) => [node.name, node.state]));
    const stations: Node<StationData>[] = nodes
      .filter((node) => places.has(node.name))
      .map((node) => ({ id: node.name, type: "station", position: places.get(node.name)!, data: { station: node, isSelected: node.name === selected, select: onSelect }, draggable: false, selectable: false, focusable: false, ...size }));
    const tracks: Edge[] = nodes.flatMap((node) =>
      node.needs.map((need) => {
        const passed = signalOf(states.get(need) ?? "none") === "success";
        const arrives = signalOf(node.state);
        const colour = passed && (arrives === "success" || arrives === "running") ? `var(--${arrives})` : "var(--rule-strong)";
        return { id: `${need}>${node.name}`, source: need, target: node.name, type: "smoothstep", animated: passed && arrives === "running", style: { stroke: colour }, focusable: false };
      }),
    );
    return [stations, tracks];
  }, [nodes, layout, selected, onSelect]);
  return (
    <div className="graph" style={{ "--graph-height": layout?.height ?? 200 } as React.CSSProperties}>
      {layout && (
        <ReactFlow
          key={shape}
          nodes={flowNodes}
          edges={flowEdges}
          nodeTypes={nodeTypes}
          fitView
          fitViewOptions={{ padding: 0.08, maxZoom: 1.05 }}
          minZoom={0.15}
          maxZoom={1.6}
          nodesConnectable={false}
          nodesDraggable={false}
          elementsSelectable={false}
          zoomOnScroll={false}
          preventScrolling={false}
          onlyRenderVisibleElements={nodes.length > 150}
        >
          <Background gap={22} size={1} color="var(--rule)" />
          {nodes.length > 8 && <Controls showInteractive={false} />}
        </ReactFlow>
      )}
    </div>
  );
}
