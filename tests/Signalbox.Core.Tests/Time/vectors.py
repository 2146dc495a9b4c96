#!/usr/bin/env python3
"""Makes vectors.txt: ticks of schedules as another calculator sees them. Run again only to change the cases: `python3 vectors.py > vectors.txt`.

Cron is matched here field by field; clocks are Python's zoneinfo, asked at instants only; recurrence rules are dateutil's. Nothing is shared with Signalbox.
A line is `cron|zone|expression|from|to|ticks` in UTC, or `rrule|start|rule|labels`.
"""
import calendar
import random
from datetime import date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

from dateutil.rrule import rrulestr

UTC = timezone.utc
MINUTE = timedelta(minutes=1)
MOST = 10
MONTHS = {name.upper(): i for i, name in enumerate(calendar.month_abbr) if name}
DAYS = {name: i for i, name in enumerate(["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"])}


def number(text, names):
    return names[text.upper()] if text.upper() in names else int(text)


def plain(item, low, high, names):
    body, _, step = item.partition("/")
    if body in ("*", "?"):
        first, last = low, high
    elif "-" in body:
        first, last = (number(part, names) for part in body.split("-"))
    else:
        first = number(body, names)
        last = high if step else first
    return set(range(first, last + 1, int(step or 1)))


def values(field, low, high, names=()):
    names = names or {}
    return set().union(*(plain(item, low, high, names) for item in field.split(",")))


def is_workday(day):
    return day.weekday() < 5


def in_month(day, field):
    last = calendar.monthrange(day.year, day.month)[1]
    for item in field.split(","):
        if item == "L":
            hit = day.day == last
        elif item == "LW":
            hit = day == max(d for d in (day.replace(day=i) for i in range(1, last + 1)) if is_workday(d))
        elif item.endswith("W"):
            wanted = int(item[:-1])
            near = sorted((abs(i - wanted), i) for i in range(1, last + 1) if is_workday(day.replace(day=i)))
            hit = wanted <= last and day.day == near[0][1]
        else:
            hit = day.day in plain(item, 1, 31, {})
        if hit:
            return True
    return False


def in_week(day, field):
    weekday = day.isoweekday() % 7
    for item in field.split(","):
        if "#" in item:
            name, nth = item.split("#")
            hit = number(name, DAYS) % 7 == weekday and (day.day + 6) // 7 == int(nth)
        elif item.endswith("L"):
            hit = number(item[:-1], DAYS) % 7 == weekday and (day + timedelta(days=7)).month != day.month
        else:
            found = plain(item, 0, 6, DAYS)
            hit = weekday in found or (weekday == 0 and 7 in found)
        if hit:
            return True
    return False


class Cron:
    def __init__(self, text):
        self.text = text
        minute, hour, self.dom, month, self.dow = text.split()
        self.minutes, self.hours, self.months = values(minute, 0, 59), values(hour, 0, 23), values(month, 1, 12, MONTHS)
        self.fixed = all(c.isdigit() or c == "," for c in minute + hour)
        self.days = {}

    def has_day(self, day):
        if day not in self.days:
            dom, dow = in_month(day, self.dom), in_week(day, self.dow)
            both = self.dom[0] in "*?" or self.dow[0] in "*?"
            self.days[day] = day.month in self.months and ((dom and dow) if both else (dom or dow))
        return self.days[day]

    def matches(self, label):
        return self.has_day(label.date()) and label.hour in self.hours and label.minute in self.minutes


def clock(instant, zone):
    return instant.astimezone(zone).replace(tzinfo=None)


def first_at(label, zone):
    """The first minute at which the clocks show the label or are past it: asked minute by minute where a change is near."""
    low = label.replace(tzinfo=UTC) - timedelta(hours=26)
    high = label.replace(tzinfo=UTC) + timedelta(hours=26)
    offsets = {clock(low + timedelta(hours=i), zone) - (low + timedelta(hours=i)).replace(tzinfo=None) for i in range(53)}
    if len(offsets) == 1:
        return label.replace(tzinfo=UTC) - offsets.pop()
    at, highest = low, None
    while at < high:
        shown = clock(at, zone)
        highest = shown if highest is None else max(highest, shown)
        if highest >= label:
            return at
        at += MINUTE
    raise ValueError(label)


def ticks(cron, zone, start, end):
    found = []
    if cron.fixed:
        day = clock(start, zone).date() - timedelta(days=2)
        while day <= clock(end, zone).date() + timedelta(days=2) and len(found) <= MOST:
            if cron.has_day(day):
                for hour in sorted(cron.hours):
                    for minute in sorted(cron.minutes):
                        at = first_at(datetime(day.year, day.month, day.day, hour, minute), zone)
                        if start <= at < end:
                            found.append(at)
            day += timedelta(days=1)
        return found
    at = start
    while at < end and len(found) <= MOST:
        if cron.matches(clock(at, zone)):
            found.append(at)
        at += MINUTE
    return found


def changes(zone, year):
    at = datetime(year, 1, 1, tzinfo=UTC)
    found = []
    while at.year == year:
        if at.astimezone(zone).utcoffset() != (at + timedelta(hours=1)).astimezone(zone).utcoffset():
            found.append(at + timedelta(hours=1))
        at += timedelta(hours=1)
    return found


ZONES = """Europe/London Europe/Berlin Europe/Dublin Europe/Chisinau America/New_York America/Los_Angeles America/St_Johns America/Santiago America/Havana
America/Asuncion America/Godthab Africa/Cairo Africa/Casablanca Africa/Windhoek Asia/Gaza Asia/Beirut Asia/Tehran Asia/Kolkata Asia/Kathmandu Asia/Pyongyang
Asia/Amman Australia/Lord_Howe Australia/Sydney Australia/Adelaide Antarctica/Troll Pacific/Apia Pacific/Chatham Pacific/Easter Pacific/Norfolk UTC""".split()

NEAR_CHANGE = ["30 1 * * *", "0 2 * * *", "30 2 * * *", "0 0 * * *", "15,45 0,1,2,3 * * *", "*/20 * * * *", "0 */2 * * *", "10 0-4 * * *",
               "59 23 * * *", "30 23 * * 0", "5/25 1-3 * * *", "0 3 * * SUN", "30 0 L * *", "1 1,2 * * SAT,SUN"]
RARE = ["0 0 29 2 *", "0 12 L * *", "30 6 LW * *", "15 2 15W * *", "0 9 1W * *", "0 9 31W * *", "45 23 * * 5L", "0 8 * * 5#2", "0 8 * * MON#1,WED#3",
        "0 0 31 * *", "0 0 * * 7", "0 0 1 * 1", "0 7 */10 * MON", "0 7 13 * FRI", "20 4 1,15 JAN-JUN *", "0 0 1 1 *", "0 5 ? * 1-5", "0 22 L,15 * *",
        "0 3 * 2 0#5", "30 18 28-31 * 5L", "0 1 * */3 0L", "0 4 30W,1W * *", "12 0 * FEB,OCT SUN#2", "0 0 L 2 *"]


def cron_lines(rng):
    for index, name in enumerate(ZONES):
        zone = ZoneInfo(name)
        for case in range(5):
            year = rng.randrange(2000, 2038)
            found = changes(zone, year)
            cron = Cron(NEAR_CHANGE[(index * 5 + case) % len(NEAR_CHANGE)])
            before = timedelta(hours=rng.randrange(3, 30) if cron.fixed else 2)
            start = rng.choice(found) - before if found else datetime(year, rng.randrange(1, 13), 3, tzinfo=UTC)
            yield line(cron, name, zone, start, start + timedelta(days=9 if cron.fixed else 3))
    for index in range(3 * len(RARE)):
        name = ZONES[rng.randrange(len(ZONES))]
        start = datetime(rng.randrange(2000, 2030), rng.randrange(1, 13), rng.randrange(1, 28), rng.randrange(24), tzinfo=UTC)
        yield line(Cron(RARE[index % len(RARE)]), name, ZoneInfo(name), start, start + timedelta(days=1500))


def line(cron, name, zone, start, end):
    found = ticks(cron, zone, start, end)
    if len(found) > MOST:
        # Only those before the first that is left out, so that the list is whole.
        end = found[MOST]
        found = [at for at in found if at < end]
    stamp = "%Y-%m-%dT%H:%MZ"
    return f"cron|{name}|{cron.text}|{start:{stamp}}|{end:{stamp}}|{' '.join(at.strftime(stamp) for at in found)}"


def rule_lines(rng):
    made = set()
    while len(made) < 120:
        freq = rng.choice(["MINUTELY", "HOURLY", "DAILY", "WEEKLY", "MONTHLY", "YEARLY"])
        parts = [f"FREQ={freq}"]
        if rng.random() < 0.6:
            parts.append(f"INTERVAL={rng.randrange(1, 8)}")
        if rng.random() < 0.35:
            parts.append("BYMONTH=" + ",".join(map(str, sorted(rng.sample(range(1, 13), rng.randrange(1, 4))))))
        if freq not in ("WEEKLY",) and rng.random() < 0.3:
            parts.append("BYMONTHDAY=" + ",".join(map(str, rng.sample([1, 2, 13, 15, 28, 29, 30, 31, -1, -2, -15], rng.randrange(1, 3)))))
        elif rng.random() < 0.5:
            days = rng.sample(["MO", "TU", "WE", "TH", "FR", "SA", "SU"], rng.randrange(1, 4))
            if freq == "MONTHLY" and rng.random() < 0.5:
                days = [f"{rng.choice([1, 2, 3, 4, 5, -1, -2])}{day}" for day in days]
            parts.append("BYDAY=" + ",".join(days))
        if freq in ("DAILY", "WEEKLY", "MONTHLY", "YEARLY") and rng.random() < 0.4:
            parts.append("BYHOUR=" + ",".join(map(str, sorted(rng.sample(range(24), rng.randrange(1, 3))))))
        if freq != "MINUTELY" and rng.random() < 0.3:
            parts.append("BYMINUTE=" + ",".join(map(str, sorted(rng.sample(range(60), rng.randrange(1, 3))))))
        if freq in ("MONTHLY", "YEARLY") and any(part.startswith(("BYDAY", "BYMONTHDAY")) for part in parts) and rng.random() < 0.4:
            parts.append(f"BYSETPOS={rng.choice(['1', '-1', '2', '1,-1'])}")
        if freq == "WEEKLY" and rng.random() < 0.4:
            parts.append(f"WKST={rng.choice(['SU', 'MO', 'WE'])}")
        if rng.random() < 0.25:
            parts.append(f"COUNT={rng.randrange(2, 9)}")
        start = datetime(rng.randrange(2000, 2035), rng.randrange(1, 13), rng.randrange(1, 29), rng.randrange(24), rng.randrange(60))
        text = ";".join(parts)
        if text in made:
            continue
        found = []
        for at in rrulestr(text, dtstart=start):
            if at.year > start.year + 20 or len(found) == MOST:
                break
            found.append(at)
        if found:
            made.add(text)
            yield f"rrule|{start:%Y-%m-%dT%H:%M}|{text}|{' '.join(at.strftime('%Y-%m-%dT%H:%M') for at in found)}"


def main():
    rng = random.Random(20260328)
    for text in (*cron_lines(rng), *rule_lines(rng)):
        print(text)


main()
