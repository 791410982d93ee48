//! Numbers of invoices and credit notes and what is paid of them, as they lie in the log, read without any code of the product.

use sqlx::PgPool;
use uuid::Uuid;

use super::Verdict;

/// The counters of each series, in the order of the log.
const COUNTERS: &str = "
    select aggregate_id, array_agg((payload -> 'data' ->> 'counter')::bigint order by position)
    from log.event where event_type = 'series.number_drawn'
    group by aggregate_id";

/// Numbers that are drawn for no document, or for several, and documents without a number that was drawn for them.
const STRAY: &str = "
    select coalesce(drawn.number, issued.number)
    from (
        select payload -> 'data' ->> 'number' as number, (payload -> 'data' ->> 'document')::uuid as document
        from log.event where event_type = 'series.number_drawn'
    ) as drawn
    full join (
        select
            payload -> 'data' ->> 'number' as number,
            coalesce((payload -> 'data' ->> 'credit_note')::uuid, aggregate_id) as document
        from log.event where event_type in ('invoice.issued', 'invoice.credit_note_issued')
    ) as issued using (number, document)
    group by 1
    having count(*) <> 1 or count(drawn.number) <> 1 or count(issued.number) <> 1";

/// What payments say that they settle, or no longer, and what invoices say of it, where one does not say it as often as the other.
const ONE_SIDED: &str = "
    select told.invoice
    from (
        select
            aggregate_id as payment, (payload -> 'data' ->> 'invoice')::uuid as invoice, payload -> 'data' -> 'amount' as amount,
            event_type = 'payment.applied' as settles, 1 as side
        from log.event where event_type in ('payment.applied', 'payment.unapplied')
        union all
        select
            (payload -> 'data' ->> 'payment')::uuid, aggregate_id, payload -> 'data' -> 'amount',
            event_type = 'invoice.payment_applied', -1
        from log.event where event_type in ('invoice.payment_applied', 'invoice.payment_unapplied')
    ) as told
    group by told.payment, told.invoice, told.amount, told.settles
    having sum(told.side) <> 0";

/// Invoices of which more or less is outstanding than was to be paid and is not settled, by what was told last.
const OFF_BALANCE: &str = "
    select issued.aggregate_id
    from log.event as issued
    cross join lateral (
        select coalesce(sum(
            case e.event_type
                when 'invoice.payment_applied' then 1
                when 'invoice.credit_note_issued' then 1
                when 'invoice.payment_unapplied' then -1
                when 'invoice.credit_note_voided' then -1
                else 0
            end * coalesce(
                e.payload -> 'data' -> 'amount' ->> 'amount',
                e.payload -> 'data' -> 'document' -> 'totals' -> 'payable' ->> 'amount'
            )::numeric
        ), 0) as amount
        from log.event as e
        where e.tenant_id = issued.tenant_id and e.aggregate_type = issued.aggregate_type
            and e.aggregate_id = issued.aggregate_id
    ) as settled
    cross join lateral (
        select (e.payload -> 'data' -> 'outstanding' ->> 'amount')::numeric as outstanding
        from log.event as e
        where e.tenant_id = issued.tenant_id and e.aggregate_type = issued.aggregate_type
            and e.aggregate_id = issued.aggregate_id and e.payload -> 'data' ? 'outstanding'
        order by e.sequence desc limit 1
    ) as told
    where issued.event_type = 'invoice.issued'
        and told.outstanding <> (issued.payload -> 'data' -> 'document' -> 'totals' -> 'payable' ->> 'amount')::numeric - settled.amount";

/// Series have neither gap nor double, each number is that of one document, and both sides of the books agree.
pub(super) async fn check(pool: &PgPool, verdict: &mut Verdict) -> anyhow::Result<()> {
    let series: Vec<(Uuid, Vec<i64>)> = sqlx::query_as(COUNTERS).fetch_all(pool).await?;
    for (series, counters) in series {
        if !counters.iter().copied().eq((1..).take(counters.len())) {
            verdict.broken.push(format!("series {series} has the counters {counters:?}"));
        }
    }
    let stray: Vec<String> = sqlx::query_scalar(STRAY).fetch_all(pool).await?;
    for number in stray {
        verdict.broken.push(format!("number {number} is not that of exactly one document"));
    }
    let one_sided: Vec<Uuid> = sqlx::query_scalar(ONE_SIDED).fetch_all(pool).await?;
    for invoice in one_sided {
        verdict.broken.push(format!("invoice {invoice} and a payment disagree on what is settled"));
    }
    let off_balance: Vec<Uuid> = sqlx::query_scalar(OFF_BALANCE).fetch_all(pool).await?;
    for invoice in off_balance {
        verdict.broken.push(format!("invoice {invoice} tells another amount than is left of it"));
    }
    Ok(())
}
