-- The stages of pipeline $1, or of all, with what happened there from $2 until before $3.
--
-- Everything is counted in the period in which it happened: an entry by when the deal entered, an end by when it left.
-- So what happens later never changes a period that is over. Two things do: what is entered later with a past date,
-- and a deal that is taken back as if it had never been opened, as when an import is undone.
with stage as (
    select
        p.id as pipeline_id, p.name as pipeline, (s.stage ->> 'id')::uuid as id, s.stage ->> 'name' as name,
        s.place, s.place > jsonb_array_length(p.doc -> 'stages') as retired
    from read_model.sales_pipeline_list as p
    cross join jsonb_array_elements((p.doc -> 'stages') || (p.doc -> 'retired')) with ordinality as s (stage, place)
    where $1::uuid is null or p.id = $1
), stay as (
    select
        pipeline_id, stage_id, left_by,
        ($2::timestamptz is null or entered_at >= $2) and ($3::timestamptz is null or entered_at < $3) as entered,
        left_at is not null and ($2 is null or left_at >= $2) and ($3 is null or left_at < $3) as ended,
        extract(epoch from left_at - entered_at) / 86400 as days
    from read_model.sales_stage_stay
    where $1 is null or pipeline_id = $1
), figures as (
    select
        pipeline_id,
        stage_id,
        count(*) filter (where entered) as entered,
        count(*) filter (where ended and left_by in ('advanced', 'won')) as advanced,
        count(*) filter (where ended and left_by = 'returned') as returned,
        count(*) filter (where ended and left_by = 'won') as won,
        count(*) filter (where ended and left_by = 'lost') as lost,
        percentile_cont(0.5) within group (order by days) filter (where ended) as median_days,
        percentile_cont(0.9) within group (order by days) filter (where ended) as p90_days
    from stay
    where entered or ended
    group by pipeline_id, stage_id
)
select
    coalesce(s.pipeline_id, f.pipeline_id) as pipeline_id,
    coalesce(s.id, f.stage_id) as stage_id,
    s.name,
    coalesce(s.retired, false) as retired,
    coalesce(f.entered, 0) as entered,
    coalesce(f.advanced, 0) as advanced,
    coalesce(f.returned, 0) as returned,
    coalesce(f.won, 0) as won,
    coalesce(f.lost, 0) as lost,
    round(f.median_days::numeric, 2)::float8 as median_days,
    round(f.p90_days::numeric, 2)::float8 as p90_days
from stage as s
full join figures as f on f.stage_id = s.id
where not coalesce(s.retired, false) or f.stage_id is not null
order by s.pipeline collate "C" nulls last, pipeline_id, s.place nulls last, stage_id
