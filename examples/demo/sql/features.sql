-- One row an airport: how the flights of the day left it, and how they came to it.
with departures as (
    select
        origin as airport,
        count(*) as departures,
        round(avg(delay), 3) as mean_delay,
        round(quantile_cont(delay, 0.9), 3) as p90_delay,
        round(avg(late::integer), 4) as late_share
    from flights
    group by origin
),
arrivals as (
    select destination as airport, count(*) as arrivals, round(avg(late::integer), 4) as late_arrival_share
    from flights
    group by destination
)
select
    airport,
    coalesce(departures, 0) as departures,
    coalesce(arrivals, 0) as arrivals,
    mean_delay,
    p90_delay,
    late_share,
    late_arrival_share
from departures
full join arrivals using (airport)
order by airport
