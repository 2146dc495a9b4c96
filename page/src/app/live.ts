import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { paced } from "../logic/pace";

/** Whether the server's events arrive. */
export type Link = "live" | "connecting" | "down";

/** At most so often the queries are read anew, however many events come. */
const quietMilliseconds = 400;

/** Listens to the server's events for as long as the page is there; each says that something has changed, and what is shown is read anew. */
export function useLive(): Link {
  const queries = useQueryClient();
  const [link, setLink] = useState<Link>("connecting");
  useEffect(() => {
    const source = new EventSource("/api/events");
    const pace = paced(() => queries.invalidateQueries({ predicate: (query) => query.meta?.still !== true }), quietMilliseconds);
    let wasDown = false;
    source.onopen = () => {
      setLink("live");
      if (wasDown) {
        pace.want();
      }
      wasDown = false;
    };
    source.onerror = () => {
      wasDown = true;
      setLink("down");
    };
    for (const type of ["run", "task", "freshness"]) {
      source.addEventListener(type, pace.want);
    }
    return () => {
      source.close();
      pace.stop();
    };
  }, [queries]);
  return link;
}
