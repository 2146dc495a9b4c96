-- One row a flight: a record that was sent twice counts once, and a delay that nobody can believe (more than an hour early,
-- more than twelve hours late) is left out.
select distinct
    date as departure,
    origin,
    destination,
    distance,
    delay,
    delay > 15 as late
from raw
where delay between -60 and 720
order by all
