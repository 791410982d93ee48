-- New rows wait in a list of the index until that is full, and whoever fills it sorts all of it in: with the default of 4 MB
-- that stops a read model for as long as a reader notices. A short list is sorted in often, and quickly each time.
alter index read_model.sales_lead_list_search set (gin_pending_list_limit = 128);
alter index read_model.sales_opportunity_list_search set (gin_pending_list_limit = 128);
