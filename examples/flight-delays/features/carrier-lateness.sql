-- How often the flights of a carrier from an airport were late in seven days. Whether a flight was late is known a day after it:
-- the days up to one are known when the day after the next begins.
with daily as (
  select carrier, origin, date_trunc('day', time_hour) as day, count_if(arr_delay >= 15) as late, count(arr_delay) as flights
    from flights
   group by all
)
select carrier, origin, day + interval 2 days as known_at,
       sum(late) over seven_days / nullif(sum(flights) over seven_days, 0) as late_share_7d,
       cast(sum(flights) over seven_days as bigint) as flights_7d
  from daily
window seven_days as (partition by carrier, origin order by day range between interval 6 days preceding and current row)
