import type { Departure } from "../api/types";

export interface TimetableSearch {
  from?: string;
  days?: number;
}

const dayMilliseconds = 86_400_000;
const mostDays = 366;

/** The window of time that an address asks for: a day and how many days; today and a week when it says nothing that can be read. */
export function windowOf(search: TimetableSearch, today: string): { from: string; to: string; fromDay: string; days: number } {
  const fromDay = search.from && /^\d{4}-\d{2}-\d{2}$/.test(search.from) && Number.isFinite(Date.parse(search.from)) ? search.from : today;
  const days = search.days && Number.isInteger(search.days) && search.days > 0 ? Math.min(search.days, mostDays) : 7;
  const from = Date.parse(`${fromDay}T00:00:00Z`);
  return { from: new Date(from).toISOString(), to: new Date(from + days * dayMilliseconds).toISOString(), fromDay, days };
}

/** Departures by the day of the clock that is chosen, in their order. */
export function byDay(departures: readonly Departure[], dayOf: (at: string) => string): { day: string; departures: Departure[] }[] {
  const days: { day: string; departures: Departure[] }[] = [];
  for (const departure of departures) {
    const day = dayOf(departure.at);
    const last = days.at(-1);
    if (last?.day === day) {
      last.departures.push(departure);
    } else {
      days.push({ day, departures: [departure] });
    }
  }
  return days;
}
