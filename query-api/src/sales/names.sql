-- Ids of pipelines and of their stages, with their names.
select doc ->> 'id', doc ->> 'name'
from read_model.sales_pipeline_list
union all
select stage ->> 'id', stage ->> 'name'
from read_model.sales_pipeline_list
cross join jsonb_array_elements((doc -> 'stages') || (doc -> 'retired')) as s (stage)
