-- What changed what customer $1 owes, from day $2 until day $3, both included, with what they owed after each; at most $4 entries.
-- The first row of each account is what they owed before, if there was anything.
with entry as (
    select
        coalesce(invoice.legal_entity_id, payment.legal_entity_id) as legal_entity_id,
        ledger.currency,
        ledger.kind,
        -- What undoes something never counts before it, whose date may be ahead of the day in UTC.
        greatest(ledger.booked_on, invoice.issue_date, payment.received_on) as booked_on,
        ledger.invoice_id,
        ledger.payment_id,
        invoice.number,
        ledger.balance,
        ledger.position,
        sum(ledger.balance) over (
            partition by coalesce(invoice.legal_entity_id, payment.legal_entity_id), ledger.currency
            order by greatest(ledger.booked_on, invoice.issue_date, payment.received_on), ledger.position, ledger.id
        ) as owed
    from read_model.billing_ledger as ledger
    left join read_model.billing_invoice_list as invoice
        on invoice.tenant_id = ledger.tenant_id and invoice.id = ledger.invoice_id
    left join read_model.billing_payment_list as payment
        on payment.tenant_id = ledger.tenant_id and payment.id = ledger.payment_id and ledger.invoice_id is null
    where ledger.balance <> 0
        and (
            ledger.invoice_id in (select id from read_model.billing_invoice_list where customer_id = $1)
            or ledger.invoice_id is null
                and ledger.payment_id in (select id from read_model.billing_payment_list where customer_id = $1)
        )
        and ($3::date is null or greatest(ledger.booked_on, invoice.issue_date, payment.received_on) <= $3)
), opening as (
    select distinct on (legal_entity_id, currency)
        legal_entity_id, currency, 'opening' as kind, null::date as booked_on, null::uuid as invoice_id,
        null::uuid as payment_id, null as number, null::numeric as balance, owed, 0::bigint as position
    from entry
    where booked_on < $2
    -- By the entry, not by the columns above, which are empty.
    order by legal_entity_id, currency, entry.booked_on desc, entry.position desc
)
select
    legal_entity_id, currency, kind, booked_on, invoice_id, payment_id, number, balance::text as change,
    owed::text as owed
from (
    select legal_entity_id, currency, kind, booked_on, invoice_id, payment_id, number, balance, owed, position
    from opening
    union all
    select legal_entity_id, currency, kind, booked_on, invoice_id, payment_id, number, balance, owed, position
    from entry
    where $2::date is null or booked_on >= $2
) as shown
order by legal_entity_id, currency collate "C", booked_on nulls first, position
limit $4
