-- One row per departed flight: what is known when it leaves the gate, and `late` once it has landed.
-- Read by prepare.py (training) and by the replay driver (serving), so both see the same numbers.
-- Tables: flights, weather, planes (columns as in data/SOURCE.md). Rows come in no particular order.
--
-- * Instants are read by epoch_us(): it ignores the session's time zone and needs no DuckDB extension.
-- * dep_delay is not used: at the moment of departure it nearly is the answer.
-- * Numbers are FLOAT, the type of the served model's inputs, so training cannot see digits that serving loses.
SELECT
  concat_ws('-', f.carrier, f.flight, f.origin,
            strftime(make_timestamp(epoch_us(f.time_hour)), '%Y%m%dT%H')) AS example_id,
  make_timestamp(epoch_us(f.time_hour)) + to_minutes(f.minute) AS event_time, -- scheduled departure, UTC
  f.carrier AS carrier,
  f.origin AS origin,
  f.dest AS destination,
  CAST(f.hour * 60 + f.minute AS FLOAT) AS scheduled_departure_min, -- minutes after local midnight
  CAST(isodow(make_date(f.year, f.month, f.day)) AS FLOAT) AS day_of_week, -- 1 Monday to 7 Sunday, local
  CAST(f.distance AS FLOAT) AS distance_miles,
  -- Difference of two local clocks: the planned duration less the hours of time zone between them.
  CAST((f.sched_arr_time // 100 * 60 + f.sched_arr_time % 100
        - f.hour * 60 - f.minute + 1440) % 1440 AS FLOAT) AS scheduled_duration_min,
  CAST(2013 - p.year AS FLOAT) AS plane_age_years,
  CAST(w.temp AS FLOAT) AS temperature_f,
  CAST(w.humid AS FLOAT) AS humidity_pct,
  -- One reading says 1,048 mph: a broken sensor, not a wind.
  CAST(CASE WHEN w.wind_speed < 200 THEN w.wind_speed END AS FLOAT) AS wind_speed_mph,
  CAST(w.wind_gust AS FLOAT) AS wind_gust_mph,
  CAST(w.precip AS FLOAT) AS precipitation_in,
  CAST(w.visib AS FLOAT) AS visibility_miles,
  CASE WHEN f.arr_delay IS NOT NULL THEN CAST(f.arr_delay >= 15 AS INTEGER) END AS late
FROM flights AS f
LEFT JOIN weather AS w ON w.origin = f.origin AND w.time_hour = f.time_hour
LEFT JOIN planes AS p ON p.tailnum = f.tailnum
-- The decision is made at departure: a flight that never left gets no prediction.
WHERE f.dep_time IS NOT NULL
