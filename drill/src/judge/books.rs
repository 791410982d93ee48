//! Numbers of invoices and what is paid of them, as they lie in the log, read without any code of the product.

use sqlx::PgPool;
use uuid::Uuid;

use super::Verdict;

/// The counters of each series, in the order of the log.
const COUNTERS: &str = "
    select aggregate_id, array_agg((payload -> 'data' ->> 'counter')::bigint order by position)
    from log.event where event_type = 'series.number_drawn'
    group by aggregate_id";

/// Numbers that are drawn for no invoice, or for several, and invoices without a number that was drawn for them.
const STRAY: &str = "
    select coalesce(drawn.number, issued.number)
    from (
        select payload -> 'data' ->> 'number' as number, (payload -> 'data' ->> 'document')::uuid as invoice
        from log.event where event_type = 'series.number_drawn'
    ) as drawn
    full join (
        select payload -> 'data' ->> 'number' as number, aggregate_id as invoice
        from log.event where event_type = 'invoice.issued'
    ) as issued using (number, invoice)
    group by 1
    having count(*) <> 1 or count(drawn.number) <> 1 or count(issued.number) <> 1";

/// What payments say that they settle, and what invoices say that settles them, where they do not say the same.
const ONE_SIDED: &str = "
    select coalesce(paying.invoice, paid.invoice)
    from (
        select aggregate_id as payment, (payload -> 'data' ->> 'invoice')::uuid as invoice, payload -> 'data' -> 'amount' as amount
        from log.event where event_type = 'payment.applied'
    ) as paying
    full join (
        select (payload -> 'data' ->> 'payment')::uuid as payment, aggregate_id as invoice, payload -> 'data' -> 'amount' as amount
        from log.event where event_type = 'invoice.payment_applied'
    ) as paid using (payment, invoice, amount)
    where paying.payment is null or paid.payment is null";

/// Series have neither gap nor double, each number is that of one invoice, and both sides of the books agree.
pub(super) async fn check(pool: &PgPool, verdict: &mut Verdict) -> anyhow::Result<()> {
    let series: Vec<(Uuid, Vec<i64>)> = sqlx::query_as(COUNTERS).fetch_all(pool).await?;
    for (series, counters) in series {
        if !counters.iter().copied().eq((1..).take(counters.len())) {
            verdict.broken.push(format!("series {series} has the counters {counters:?}"));
        }
    }
    let stray: Vec<String> = sqlx::query_scalar(STRAY).fetch_all(pool).await?;
    for number in stray {
        verdict.broken.push(format!("number {number} is not that of exactly one invoice"));
    }
    let one_sided: Vec<Uuid> = sqlx::query_scalar(ONE_SIDED).fetch_all(pool).await?;
    for invoice in one_sided {
        verdict.broken.push(format!("invoice {invoice} and a payment disagree on what is settled"));
    }
    Ok(())
}
