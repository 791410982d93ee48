-- What is outstanding of invoices (of legal entity $2) by the end of day $1, by customer and currency, and how long it is overdue then.
-- The rows without a customer are those of whole currencies. The largest first; of customers at most $3.
with owed as (
    select ledger.invoice_id, sum(ledger.outstanding) as amount
    from read_model.billing_ledger as ledger
    join read_model.billing_invoice_list as invoice
        on invoice.tenant_id = ledger.tenant_id and invoice.id = ledger.invoice_id
    -- What settles an invoice never counts before the invoice does, whose date may be ahead of the day in UTC.
    where ledger.outstanding <> 0 and greatest(ledger.booked_on, invoice.issue_date) <= $1::date
    group by ledger.invoice_id
    having sum(ledger.outstanding) <> 0
), debt as (
    select
        invoice.customer_id, invoice.customer_name, invoice.currency, owed.amount, $1::date - invoice.due_date as days
    from owed
    join read_model.billing_invoice_list as invoice on invoice.id = owed.invoice_id
    where $2::uuid is null or invoice.legal_entity_id = $2
), bucket as (
    select
        customer_id,
        currency,
        max(customer_name) as customer_name,
        count(*) as invoices,
        coalesce(sum(amount) filter (where days <= 0), 0) as not_due,
        coalesce(sum(amount) filter (where days between 1 and 30), 0) as days_1_30,
        coalesce(sum(amount) filter (where days between 31 and 60), 0) as days_31_60,
        coalesce(sum(amount) filter (where days between 61 and 90), 0) as days_61_90,
        coalesce(sum(amount) filter (where days > 90), 0) as days_over_90,
        sum(amount) as total,
        max(scale(amount)) as places
    from debt
    group by grouping sets ((customer_id, currency), (currency))
), ranked as (
    select *, row_number() over (
        partition by customer_id is null order by total desc, currency collate "C", customer_id
    ) as place
    from bucket
)
select
    customer_id, currency, customer_name, invoices, round(not_due, places)::text as not_due,
    round(days_1_30, places)::text as days_1_30, round(days_31_60, places)::text as days_31_60,
    round(days_61_90, places)::text as days_61_90, round(days_over_90, places)::text as days_over_90,
    total::text as total
from ranked
where customer_id is null or place <= $3
order by customer_id is null, place
