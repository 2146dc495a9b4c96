import { useQuery } from "@tanstack/react-query";
import { Background, Controls, type Edge, Handle, type Node, type NodeProps, Position, ReactFlow } from "@xyflow/react";
import "@xyflow/react/dist/style.css";
import { useEffect, useMemo, useRef, useState } from "react";
import { lineageQuery } from "../../api/queries";
import type { Lineage as LineageDocument } from "../../api/types";
import { Answer } from "../../app/Answer";
import { type Direction, layOut, type Layout } from "../../app/layout";
import { edgeTypes, type TrackData } from "../../app/Track";
import { Empty } from "../../design/parts";
import { around } from "../../logic/lineage";
import { counted } from "../../logic/numbers";
import "../run/run.css";

const size = { width: 220, height: 44 };

interface LineageData extends Record<string, unknown> {
  node: LineageDocument["nodes"][number];
  isChosen: boolean;
  direction: Direction;
  select: (name: string) => void;
}

function LineageNode({ data }: NodeProps<Node<LineageData>>) {
  const { node, isChosen, select } = data;
  return (
    <>
      <Handle type="target" position={data.direction === "DOWN" ? Position.Top : Position.Left} isConnectable={false} />
      {node.kind === "dataset" ? (
        <button type="button" className={`lineage-node dataset nodrag ${isChosen ? "chosen" : ""}`} style={{ cursor: "pointer", textAlign: "left" }} onClick={() => select(node.name)} title={node.name}>
          <span>{node.name}</span>
          <small>{node.partitions === null ? "not published yet" : counted(node.partitions, "partition")}</small>
        </button>
      ) : (
        <div className="lineage-node" title={node.name}>
          <span>{node.name.slice((node.pipeline?.length ?? -1) + 1)}</span>
          <small>{node.pipeline}</small>
        </div>
      )}
      <Handle type="source" position={data.direction === "DOWN" ? Position.Bottom : Position.Right} isConnectable={false} />
    </>
  );
}

const nodeTypes = { lineage: LineageNode };

/** Which task writes which dataset, and which task reads it. */
export default function Lineage({ dataset, onSelect }: { dataset?: string; onSelect: (name: string) => void }) {
  const lineage = useQuery(lineageQuery);
  return <Answer of={lineage} what="the lineage">{(all) => <Picture lineage={around(all, dataset)} dataset={dataset} onSelect={onSelect} />}</Answer>;
}

function Picture({ lineage, dataset, onSelect }: { lineage: LineageDocument; dataset: string | undefined; onSelect: (name: string) => void }) {
  const box = useRef<HTMLDivElement>(null);
  const [layout, setLayout] = useState<Layout | null>(null);
  const shape = [...lineage.nodes.map((node) => node.id), ...lineage.edges.map((edge) => `${edge.from}>${edge.to}`)].join(";");
  useEffect(() => {
    let isWanted = true;
    void layOut(
      (box.current?.clientWidth ?? 1000) - 40,
      lineage.nodes.map((node) => ({ id: node.id, ...size })),
      lineage.edges,
    ).then((found) => isWanted && setLayout(found));
    return () => {
      isWanted = false;
    };
  }, [shape]);
  const [nodes, edges] = useMemo(() => {
    const places = layout?.places ?? new Map();
    const shown: Node<LineageData>[] = lineage.nodes
      .filter((node) => places.has(node.id))
      .map((node) => ({ id: node.id, type: "lineage", position: places.get(node.id)!, data: { node, isChosen: node.kind === "dataset" && node.name === dataset, direction: layout?.direction ?? "RIGHT", select: onSelect }, draggable: false, selectable: false, focusable: false, ...size }));
    const tracks: Edge<TrackData>[] = lineage.edges.map((edge) => ({ id: `${edge.from}>${edge.to}`, source: edge.from, target: edge.to, type: "track", data: { route: layout?.routes.get(`${edge.from}>${edge.to}`) ?? [] }, style: { stroke: "var(--rule-strong)" }, focusable: false }));
    return [shown, tracks];
  }, [layout, lineage, dataset, onSelect]);
  if (lineage.nodes.length === 0) {
    return <Empty command={`outputs: { sums: "data/sums/{{ ds }}.parquet" }`}>No task states what it writes, so there is nothing to draw. Outputs and inputs in a pipeline's file make the lineage:</Empty>;
  }
  return (
    <div className="lineage" ref={box} style={{ height: layout ? Math.min(1600, Math.max(120, layout.height * Math.min(1, ((box.current?.clientWidth ?? 1000) - 40) / layout.width) + 44)) : 120 }}>
      {layout && (
        <ReactFlow key={shape} nodes={nodes} edges={edges} nodeTypes={nodeTypes} edgeTypes={edgeTypes} fitView fitViewOptions={{ padding: "18px", maxZoom: 1 }} minZoom={0.1} maxZoom={1.6} nodesConnectable={false} nodesDraggable={false} elementsSelectable={false} zoomOnScroll={false} preventScrolling={false}>
          <Background gap={22} size={1} color="var(--rule)" />
          <Controls showInteractive={false} />
        </ReactFlow>
      )}
    </div>
  );
}
