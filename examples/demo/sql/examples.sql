-- What the model learns from: flights counted by what was known before they left. The state of an airport is that of the day before,
-- from the feature store. Tuesday to Friday are for training, Saturday and Sunday are held out; Monday is the day before Tuesday.
create temp table week as
select d::date as day from range(
    date_trunc('week', {{ ds }}::date),
    date_trunc('week', {{ ds }}::date) + interval 7 day,
    interval 1 day
) t(d);

create temp table examples as
select
    departure::date as day,
    -- The day of an airport begins at four in the morning.
    (extract(hour from departure) + 20) % 24 as hour,
    least(round(coalesce(o.late_share, 0.2), 1), 0.8) as origin,
    least(round(coalesce(d.late_arrival_share, 0.2), 1), 0.8) as destination,
    least(distance // 500, 4) as distance,
    count(*) as flights,
    count(*) filter (late) as late
from flights f
left join store o on o.airport = f.origin and o.date::date = f.departure::date - 1
left join store d on d.airport = f.destination and d.date::date = f.departure::date - 1
where departure::date in (select day from week offset 1)
group by all;

copy (select * exclude (day) from examples where extract(isodow from day) < 6 order by all) to {{ outputs.train }} (format csv, header);
copy (select * exclude (day) from examples where extract(isodow from day) >= 6 order by all) to {{ outputs.held_out }} (format csv, header);
