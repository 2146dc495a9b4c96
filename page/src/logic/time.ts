/** Which clock instants are shown on. Everything is kept in UTC. */
export type Clock = "utc" | "local";

export function zoneOf(clock: Clock): string {
  return clock === "utc" ? "UTC" : Intl.DateTimeFormat().resolvedOptions().timeZone;
}

const formats = new Map<string, Intl.DateTimeFormat>();

function parts(at: Date, zone: string): Record<string, string> {
  let format = formats.get(zone);
  if (!format) {
    format = new Intl.DateTimeFormat("en-GB", {
      timeZone: zone,
      weekday: "short",
      year: "numeric",
      month: "2-digit",
      day: "2-digit",
      hour: "2-digit",
      minute: "2-digit",
      second: "2-digit",
      hourCycle: "h23",
    });
    formats.set(zone, format);
  }
  return Object.fromEntries(format.formatToParts(at).map((part) => [part.type, part.value]));
}

/** `2001-01-05` on the clock of a zone. */
export function dayText(at: string | Date, zone: string): string {
  const p = parts(new Date(at), zone);
  return `${p.year}-${p.month}-${p.day}`;
}

/** `02:15`, or `02:15:07` with seconds. */
export function clockText(at: string | Date, zone: string, seconds = false): string {
  const p = parts(new Date(at), zone);
  return `${p.hour}:${p.minute}${seconds ? `:${p.second}` : ""}`;
}

export function weekdayText(at: string | Date, zone: string): string {
  return parts(new Date(at), zone).weekday ?? "";
}

/** `2001-01-05 02:15`: what stands in tables. */
export function instantText(at: string | Date, zone: string, seconds = false): string {
  return `${dayText(at, zone)} ${clockText(at, zone, seconds)}`;
}

/** `4.2 s`, `12 min`, `3 h 05 min`, `2 d 4 h`: at most two units. */
export function durationText(seconds: number): string {
  if (!Number.isFinite(seconds) || seconds < 0) {
    return "–";
  }
  if (seconds < 1) {
    return `${Math.round(seconds * 1000)} ms`;
  }
  if (seconds < 10) {
    return `${seconds.toFixed(1)} s`;
  }
  const whole = Math.round(seconds);
  if (whole < 60) {
    return `${whole} s`;
  }
  if (whole < 3600) {
    const rest = whole % 60;
    return rest === 0 || whole >= 600 ? `${Math.round(whole / 60)} min` : `${Math.floor(whole / 60)} min ${pad(rest)} s`;
  }
  const minutes = Math.round(whole / 60);
  if (minutes < 1440) {
    return minutes % 60 === 0 ? `${minutes / 60} h` : `${Math.floor(minutes / 60)} h ${pad(minutes % 60)} min`;
  }
  const hours = Math.round(minutes / 60);
  return hours % 24 === 0 ? `${hours / 24} d` : `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

function pad(value: number): string {
  return String(value).padStart(2, "0");
}

/** `in 3 min`, `5 min ago`, `now`. */
export function distanceText(at: string | Date, now: number): string {
  const seconds = (new Date(at).getTime() - now) / 1000;
  if (Math.abs(seconds) < 1.5) {
    return "now";
  }
  const text = durationText(Math.max(1, Math.round(Math.abs(seconds))));
  return seconds > 0 ? `in ${text}` : `${text} ago`;
}

/** `0:42`, `12:07`, `1:02:03`: what is left, counted down; `0:00` when it is over. */
export function countdownText(at: string | Date, now: number): string {
  const left = Math.max(0, Math.ceil((new Date(at).getTime() - now) / 1000));
  const [hours, minutes, seconds] = [Math.floor(left / 3600), Math.floor(left / 60) % 60, left % 60];
  return hours > 0 ? `${hours}:${pad(minutes)}:${pad(seconds)}` : `${minutes}:${pad(seconds)}`;
}

/** Seconds between two instants; up to `now` when it has not ended; null when it has not begun. */
export function spanSeconds(started: string | null | undefined, ended: string | null | undefined, now: number): number | null {
  if (!started) {
    return null;
  }
  return Math.max(0, ((ended ? new Date(ended).getTime() : now) - new Date(started).getTime()) / 1000);
}
