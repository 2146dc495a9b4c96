import { useVirtualizer } from "@tanstack/react-virtual";
import { type FormEvent, useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
import { findInLog, type LogPlace, readLog } from "../../api/logs";
import { Trouble } from "../../app/Answer";
import { Loading } from "../../design/parts";
import { piecesOf } from "../../logic/ansi";
import { chunkBytes, type LogWindow, matchesOf, windowOf, withEarlier, withLater } from "../../logic/log";
import { bytesText, counted } from "../../logic/numbers";

const lineHeight = 19;
const followEvery = 1000;

/** A log of any length: what is near the place that is looked at is read, the rest is left where it is. */
export function LogBox({ place, isOver }: { place: LogPlace; isOver: boolean }) {
  const box = useRef<HTMLDivElement>(null);
  const [log, setLog] = useState<LogWindow | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [isFollowing, setFollowing] = useState(!isOver);
  const [text, setText] = useState("");
  const [current, setCurrent] = useState<number | null>(null);
  const [searching, setSearching] = useState<string | null>(null);
  const isReading = useRef(false);
  const wanted = useRef<"end" | "start" | number | null>("end");
  const shift = useRef(0);
  const address = `${place.run}/${place.task}/${place.attempt}/${place.stream}`;

  const read = useCallback(async (work: () => Promise<void>) => {
    if (isReading.current) {
      return;
    }
    isReading.current = true;
    try {
      await work();
      setError(null);
    } catch (problem) {
      setError(problem);
    } finally {
      isReading.current = false;
    }
  }, []);

  const open = useCallback(
    (from: number | null, then: "end" | "start" | number) =>
      read(async () => {
        const part = await readLog(place, from);
        wanted.current = then;
        setCurrent(null);
        setLog(windowOf(part.bytes, part.at, part.total));
      }),
    [address, read],
  );

  useEffect(() => void open(null, "end"), [open]);

  const later = useCallback(
    () =>
      read(async () => {
        const now = latest.current;
        if (now) {
          const part = await readLog(place, now.end);
          if (part.total < now.end) {
            // Its middle was cut out meanwhile: what is shown here stands elsewhere now.
            const end = await readLog(place, null);
            wanted.current = "end";
            setLog(windowOf(end.bytes, end.at, end.total));
          } else if (part.bytes.length > 0 || part.total !== now.total) {
            setLog((before) => (before && before.end === now.end ? withLater(before, part.bytes, part.total) : before));
          }
        }
      }),
    [address, read],
  );
  const earlier = useCallback(
    () =>
      read(async () => {
        const now = latest.current;
        if (now && now.start > 0) {
          const from = Math.max(0, now.start - chunkBytes);
          const part = await readLog(place, from, now.start - from);
          setLog((before) => {
            if (!before || before.start !== now.start) {
              return before;
            }
            const grown = withEarlier(before, part.bytes);
            shift.current += grown.added;
            return grown.window;
          });
        }
      }),
    [address, read],
  );

  const latest = useRef<LogWindow | null>(null);
  latest.current = log;
  const lines = useMemo(() => (log ? (log.tail ? [...log.lines, log.tail] : log.lines) : []), [log]);
  const hits = useMemo(() => new Set(matchesOf(lines, text)), [lines, text]);
  const rows = useVirtualizer({ count: lines.length, getScrollElement: () => box.current, estimateSize: () => lineHeight, overscan: 30 });

  useLayoutEffect(() => {
    const element = box.current;
    if (!element || !log) {
      return;
    }
    if (shift.current > 0) {
      element.scrollTop += shift.current * lineHeight;
      shift.current = 0;
    }
    if (wanted.current === "end" || (isFollowing && log.end >= log.total - log.tail.length)) {
      rows.scrollToIndex(lines.length - 1, { align: "end" });
    } else if (wanted.current === "start") {
      rows.scrollToIndex(0);
    } else if (typeof wanted.current === "number") {
      rows.scrollToIndex(wanted.current, { align: "center" });
    }
    wanted.current = null;
  }, [log, lines.length, isFollowing, rows]);

  useEffect(() => {
    if (!isOver && isFollowing) {
      const timer = setInterval(() => void later(), followEvery);
      return () => clearInterval(timer);
    }
    void later();
  }, [isOver, isFollowing, later]);

  const scrolled = () => {
    const element = box.current;
    if (!element || !log) {
      return;
    }
    const isAtEnd = element.scrollTop + element.clientHeight >= element.scrollHeight - 3;
    if (element.scrollTop < 600 && log.start > 0) {
      void earlier();
    }
    if (element.scrollTop + element.clientHeight > element.scrollHeight - 600 && log.end < log.total) {
      void later();
    }
    if (!isOver && isFollowing !== isAtEnd) {
      setFollowing(isAtEnd);
    }
  };

  const find = async (event: FormEvent) => {
    event.preventDefault();
    if (!text || !log) {
      return;
    }
    const next = matchesOf(lines, text).find((index) => index > (current ?? -1));
    if (next !== undefined) {
      setCurrent(next);
      setFollowing(false);
      rows.scrollToIndex(next, { align: "center" });
      return;
    }
    const stop = new AbortController();
    setSearching("0 %");
    try {
      const found = (await findInLog(place, text, log.end, (share) => setSearching(`${Math.round(share * 100)} %`), stop.signal)) ?? (await findInLog(place, text, 0, (share) => setSearching(`from the start, ${Math.round(share * 100)} %`), stop.signal));
      if (found === null) {
        setSearching("It does not stand in this log");
        return;
      }
      const part = await readLog(place, Math.max(0, found - chunkBytes / 2));
      const around = windowOf(part.bytes, part.at, part.total);
      const before = new TextDecoder().decode(part.bytes.subarray(around.start - part.at, found - part.at)).split("\n").length - 1;
      wanted.current = before;
      setFollowing(false);
      setLog(around);
      setCurrent(before);
      setSearching(null);
    } catch (problem) {
      setError(problem);
      setSearching(null);
    }
  };

  if (error !== null && !log) {
    return <Trouble error={error} retry={() => void open(null, "end")} />;
  }
  if (!log) {
    return <Loading what="the end of the log" />;
  }
  const isWhole = log.start === 0 && log.end + new TextEncoder().encode(log.tail).length >= log.total;
  return (
    <div className="stack">
      <div className="log-bar">
        <form className="row" role="search" onSubmit={(event) => void find(event)}>
          <input
            type="search"
            className="input"
            placeholder="Search this log"
            aria-label="Search this log"
            value={text}
            onChange={(event) => {
              setText(event.target.value);
              setCurrent(null);
              setSearching(null);
            }}
          />
          <button type="submit" className="button">
            Next
          </button>
        </form>
        <span className="small soft" role="status">
          {searching ?? (text ? `${counted(hits.size, "line")} here` : "")}
        </span>
        <span className="push row">
          <span className="small faint">
            {bytesText(log.total)}
            {isWhole ? `, ${counted(lines.length, "line")}` : ""}
          </span>
          {!isWhole && <input type="range" className="log-place" aria-label="Place in the log" min={0} max={log.total} step={1} value={log.start} onChange={(event) => void open(Number(event.target.value), "start")} />}
          <button type="button" className="button" onClick={() => void open(0, "start")}>
            Start
          </button>
          <button type="button" className="button" onClick={() => void open(null, "end")}>
            End
          </button>
          {!isOver && (
            <label className="tick small">
              <input type="checkbox" checked={isFollowing} onChange={(event) => setFollowing(event.target.checked)} />
              Follow
            </label>
          )}
        </span>
      </div>
      {error !== null && <Trouble error={error} />}
      {log.total === 0 ? (
        <p className="soft">{isOver ? "It wrote nothing to this stream." : "It has written nothing to this stream yet."}</p>
      ) : (
        <div className="log-box" ref={box} onScroll={scrolled} tabIndex={0} role="log" aria-label="Log" aria-live="off">
          <div style={{ height: rows.getTotalSize() + 16, position: "relative" }}>
            {rows.getVirtualItems().map((item) => (
              <div key={item.key} className={`log-line ${item.index === current ? "current" : hits.has(item.index) ? "hit" : ""}`} style={{ transform: `translateY(${item.start + 8}px)` }}>
                {piecesOf(lines[item.index]!).map((piece, index) => (piece.classes ? <span key={index} className={piece.classes}>{piece.text}</span> : piece.text))}
              </div>
            ))}
          </div>
        </div>
      )}
    </div>
  );
}
