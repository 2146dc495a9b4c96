select word, count(*) as times
from words
where length(word) > 3
group by word
having count(*) > 1
order by times desc, word
