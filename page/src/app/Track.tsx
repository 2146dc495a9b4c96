import { BaseEdge, type Edge, type EdgeProps } from "@xyflow/react";
import type { Point } from "./layout";
import { roundedPath } from "../logic/path";

export interface TrackData extends Record<string, unknown> {
  route: Point[];
}

/** An edge as it was laid out: it goes around what lies between its ends. */
function Track({ id, data, style }: EdgeProps<Edge<TrackData>>) {
  return <BaseEdge id={id} path={roundedPath(data?.route ?? [], 9)} style={style} />;
}

export const edgeTypes = { track: Track };
