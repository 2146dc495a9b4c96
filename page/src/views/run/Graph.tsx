import { Background, Controls, type Edge, Handle, type Node, type NodeProps, Position, ReactFlow } from "@xyflow/react";
import "@xyflow/react/dist/style.css";
import { useEffect, useMemo, useRef, useState } from "react";
import { type Direction, layOut, type Layout } from "../../app/layout";
import { edgeTypes, type TrackData } from "../../app/Track";
import { Signal } from "../../design/Signal";
import type { GraphNode } from "../../logic/run";
import { signalOf, wordsOf } from "../../logic/states";

const size = { width: 190, height: 46 };

interface StationData extends Record<string, unknown> {
  station: GraphNode;
  isSelected: boolean;
  direction: Direction;
  select: (name: string) => void;
}

function StationNode({ data }: NodeProps<Node<StationData>>) {
  const { station, isSelected, select } = data;
  return (
    <>
      <Handle type="target" position={data.direction === "DOWN" ? Position.Top : Position.Left} isConnectable={false} />
      <button type="button" className={`graph-station is-${signalOf(station.state)} nodrag`} aria-pressed={isSelected} onClick={() => select(station.name)} title={`${station.name}: ${wordsOf(station.state)}`}>
        <Signal state={station.state} />
        <span>
          <b>{station.name}</b>
          <small>{station.note || (station.state === "none" ? station.kind : wordsOf(station.state))}</small>
        </span>
      </button>
      <Handle type="source" position={data.direction === "DOWN" ? Position.Bottom : Position.Right} isConnectable={false} />
    </>
  );
}

const nodeTypes = { station: StationNode };

/** As high as the graph is at the size at which it fits in the width. */
function heightOf(layout: Layout, width: number): number {
  return Math.min(1600, Math.max(96, layout.height * Math.min(1, (width - 40) / layout.width) + 44));
}

/** The tasks as stations, joined by what each needs. Where each lies is worked out beside the page's thread. */
export default function Graph({ nodes, selected, onSelect }: { nodes: GraphNode[]; selected: string | undefined; onSelect: (name: string) => void }) {
  const box = useRef<HTMLDivElement>(null);
  const [layout, setLayout] = useState<Layout | null>(null);
  const shape = nodes.map((node) => `${node.name}<${node.needs.join(",")}`).join(";");
  // The layout depends on the shape of the graph, not on the states that change every second.
  useEffect(() => {
    let isWanted = true;
    void layOut(
      (box.current?.clientWidth ?? 1000) - 40,
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
      .map((node) => ({ id: node.name, type: "station", position: places.get(node.name)!, data: { station: node, isSelected: node.name === selected, direction: layout?.direction ?? "RIGHT", select: onSelect }, draggable: false, selectable: false, focusable: false, ...size }));
    const tracks: Edge<TrackData>[] = nodes.flatMap((node) =>
      node.needs.map((need) => {
        const passed = signalOf(states.get(need) ?? "none") === "success";
        const arrives = signalOf(node.state);
        const colour = passed && (arrives === "success" || arrives === "running") ? `var(--${arrives})` : "var(--rule-strong)";
        return { id: `${need}>${node.name}`, source: need, target: node.name, type: "track", data: { route: layout?.routes.get(`${need}>${node.name}`) ?? [] }, animated: passed && arrives === "running", style: { stroke: colour }, focusable: false };
      }),
    );
    return [stations, tracks];
  }, [nodes, layout, selected, onSelect]);
  return (
    <div className="graph" ref={box} style={{ height: layout ? heightOf(layout, box.current?.clientWidth ?? 1000) : 120 }}>
      {layout && (
        <ReactFlow
          key={shape}
          nodes={flowNodes}
          edges={flowEdges}
          nodeTypes={nodeTypes}
          edgeTypes={edgeTypes}
          fitView
          fitViewOptions={{ padding: "18px", maxZoom: 1 }}
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
