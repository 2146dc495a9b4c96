select "user", country, sessions, spent, round(spent / sessions, 4) as spent_per_session
from events
order by "user"
