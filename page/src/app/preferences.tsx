import { createContext, type ReactNode, useContext, useEffect, useMemo, useState } from "react";
import { type Clock, clockText, dayText, instantText, zoneOf } from "../logic/time";

export type Theme = "system" | "light" | "dark";

interface Preferences {
  theme: Theme;
  setTheme: (theme: Theme) => void;
  clock: Clock;
  setClock: (clock: Clock) => void;
}

const Context = createContext<Preferences | null>(null);

function kept(name: string): string | null {
  try {
    return localStorage.getItem(`signalbox.${name}`);
  } catch {
    return null;
  }
}

/** A browser that keeps nothing forgets the choice at the next visit: no reason to refuse it in this one. */
function keep(name: string, value: string): void {
  try {
    localStorage.setItem(`signalbox.${name}`, value);
  } catch {
    return;
  }
}

export function PreferencesProvider({ children }: { children: ReactNode }) {
  const [theme, setTheme] = useState<Theme>(() => {
    const found = kept("theme");
    return found === "light" || found === "dark" ? found : "system";
  });
  const [clock, setClock] = useState<Clock>(() => (kept("clock") === "local" ? "local" : "utc"));
  useEffect(() => {
    const system = matchMedia("(prefers-color-scheme: dark)");
    const apply = () => {
      document.documentElement.dataset.theme = theme === "dark" || (theme === "system" && system.matches) ? "dark" : "light";
    };
    apply();
    system.addEventListener("change", apply);
    return () => system.removeEventListener("change", apply);
  }, [theme]);
  const value = useMemo<Preferences>(
    () => ({
      theme,
      setTheme: (next) => {
        keep("theme", next);
        setTheme(next);
      },
      clock,
      setClock: (next) => {
        keep("clock", next);
        setClock(next);
      },
    }),
    [theme, clock],
  );
  return <Context value={value}>{children}</Context>;
}

export function usePreferences(): Preferences {
  const found = useContext(Context);
  if (!found) {
    throw new Error("Preferences are read outside their provider.");
  }
  return found;
}

/** How instants are written on the clock that was chosen. */
export function useClock() {
  const { clock } = usePreferences();
  return useMemo(() => {
    const zone = zoneOf(clock);
    return {
      zone,
      day: (at: string) => dayText(at, zone),
      time: (at: string, seconds = false) => clockText(at, zone, seconds),
      instant: (at: string, seconds = false) => instantText(at, zone, seconds),
    };
  }, [clock]);
}

/** An instant as a `time` element; the title says it in UTC with all digits. */
export function At({ at, seconds = false, only }: { at: string | null | undefined; seconds?: boolean; only?: "day" | "time" }) {
  const clock = useClock();
  if (!at) {
    return <span className="faint">–</span>;
  }
  const text = only === "day" ? clock.day(at) : only === "time" ? clock.time(at, seconds) : clock.instant(at, seconds);
  return (
    <time dateTime={at} title={`${new Date(at).toISOString().replace("T", " ").replace("Z", "")} UTC`} className="nowrap">
      {text}
    </time>
  );
}

/** The present, anew every `every` milliseconds while the page is seen. */
export function useNow(every = 1000): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => {
      if (!document.hidden) {
        setNow(Date.now());
      }
    }, every);
    return () => clearInterval(timer);
  }, [every]);
  return now;
}
