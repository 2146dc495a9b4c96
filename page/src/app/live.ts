import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";

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
    let timer: ReturnType<typeof setTimeout> | null = null;
    let wasDown = false;
    const refresh = () => {
      timer ??= setTimeout(() => {
        timer = null;
        void queries.invalidateQueries({ predicate: (query) => query.meta?.still !== true });
      }, quietMilliseconds);
    };
    source.onopen = () => {
      setLink("live");
      if (wasDown) {
        refresh();
      }
      wasDown = false;
    };
    source.onerror = () => {
      wasDown = true;
      setLink("down");
    };
    for (const type of ["run", "task", "freshness"]) {
      source.addEventListener(type, refresh);
    }
    return () => {
      source.close();
      if (timer) {
        clearTimeout(timer);
      }
    };
  }, [queries]);
  return link;
}
