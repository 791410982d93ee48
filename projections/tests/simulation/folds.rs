//! Whatever is asked of the aggregates, each read model can fold what they decide, and its rows are those that a slow
//! oracle makes of the whole history, in whatever batches they are folded.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use cqrs_es::{Aggregate, DomainEvent};
use domain::Command;
use domain::billing::customer::Customer;
use domain::billing::invoice::Invoice;
use domain::billing::legal_entity::LegalEntity;
use domain::billing::payment::Payment;
use domain::billing::series::Series;
use domain::identity::custom_role::CustomRole;
use domain::identity::provider::Provider;
use domain::identity::session::Session;
use domain::identity::team::Team;
use domain::identity::user::User;
use domain::sales::import::Import;
use domain::sales::lead::Lead;
use domain::sales::opportunity::Opportunity;
use domain::sales::pipeline::Pipeline;
use event_store::appender::Log;
use event_store::{Append, NewEvent, Recorded};
use projections::registry;
use projections::runner::Follower;
use proptest::prelude::*;
use serde_json::{Value, json};
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::commands::{
    custom_role_commands, customer_commands, import_commands, invoice_commands, lead_commands,
    legal_entity_commands, opportunity_commands, payment_commands, pipeline_commands, provider_commands,
    series_commands, session_commands, team_commands, user_commands,
};
use crate::memory::bus::Bus;
use crate::memory::database::Database;
use crate::memory::feed::MemoryFeed;
use crate::memory::link::Weather;
use crate::memory::log::MemoryLog;
use crate::memory::state::RowKey;
use crate::memory::store::MemoryStore;
use crate::plant::Plant;
use crate::rows::History;

const TENANT: Uuid = Uuid::from_u128(1);

/// What an aggregate decides, one command after the other; what it refuses is left out.
fn decided<A, C>(
    number: u128,
    commands: Vec<Command<C>>,
    decide: impl Fn(&A, Command<C>) -> Option<Vec<A::Event>>,
) -> Vec<NewEvent>
where
    A: Aggregate,
{
    let mut aggregate = A::default();
    let mut events = Vec::new();
    for command in commands {
        let occurred_at = command.occurred_at;
        for event in decide(&aggregate, command).unwrap_or_default() {
            let sequence = i64::try_from(events.len()).unwrap() + 1;
            events.push(NewEvent {
                aggregate_type: A::TYPE,
                aggregate_id: Uuid::from_u128(number),
                sequence,
                event_id: Uuid::from_u128(number * 1_000 + u128::try_from(sequence).unwrap()),
                event_type: event.event_type(),
                event_version: 1,
                payload: serde_json::to_string(&event).unwrap(),
                metadata: json!({"actor": "a", "occurred_at": occurred_at, "correlation_id": "c"})
                    .to_string(),
            });
            aggregate.apply(event);
        }
    }
    events
}

/// Histories of several aggregates, one event of each in turn.
fn history() -> impl Strategy<Value = Vec<NewEvent>> {
    let asked = (
        opportunity_commands(),
        opportunity_commands(),
        lead_commands(),
        pipeline_commands(),
        import_commands(),
        user_commands(),
        session_commands(),
        custom_role_commands(),
        team_commands(),
        provider_commands(),
        (
            legal_entity_commands(),
            customer_commands(),
            series_commands(),
            invoice_commands(),
            payment_commands(),
        ),
    );
    asked.prop_map(|(first, second, lead, pipeline, import, user, session, role, team, provider, billing)| {
        let (legal_entity, customer, series, invoice, payment) = billing;
        let mut streams = [
            decided::<Opportunity, _>(11, first, |deal, command| deal.decide(command).ok()).into_iter(),
            decided::<Opportunity, _>(12, second, |deal, command| deal.decide(command).ok()).into_iter(),
            decided::<Lead, _>(13, lead, |lead, command| lead.decide(command).ok()).into_iter(),
            decided::<Pipeline, _>(14, pipeline, |pipeline, command| pipeline.decide(command).ok())
                .into_iter(),
            decided::<Import, _>(15, import, |import, command| import.decide(command).ok()).into_iter(),
            decided::<User, _>(16, user, |user, command| user.decide(command).ok()).into_iter(),
            decided::<Session, _>(17, session, |session, command| session.decide(command).ok()).into_iter(),
            decided::<CustomRole, _>(18, role, |role, command| role.decide(command).ok()).into_iter(),
            decided::<Team, _>(19, team, |team, command| team.decide(command).ok()).into_iter(),
            decided::<Provider, _>(20, provider, |provider, command| provider.decide(command).ok())
                .into_iter(),
            decided::<LegalEntity, _>(21, legal_entity, |entity, command| entity.decide(command).ok())
                .into_iter(),
            decided::<Customer, _>(22, customer, |customer, command| customer.decide(command).ok())
                .into_iter(),
            decided::<Series, _>(23, series, |series, command| series.decide(command).ok()).into_iter(),
            decided::<Invoice, _>(24, invoice, |invoice, command| invoice.decide(command).ok()).into_iter(),
            decided::<Payment, _>(25, payment, |payment, command| payment.decide(command).ok()).into_iter(),
        ];
        let mut events = Vec::new();
        loop {
            let before = events.len();
            events.extend(streams.iter_mut().filter_map(Iterator::next));
            if events.len() == before {
                return events;
            }
        }
    })
}

/// The rows of all read models, folded by the real runner in batches of at most `batch`.
fn folded(events: &[NewEvent], batch: usize) -> (Vec<Recorded>, BTreeMap<String, BTreeMap<RowKey, Value>>) {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    runtime.block_on(async {
        let weather = Arc::new(Weather::new(0, false));
        weather.calm_down();
        let database = Database::new(weather.clone(), Plant::Nothing);
        let bus = Bus::new(weather, Plant::Nothing);
        for event in events {
            let append = Append { tenant: TENANT, events: vec![event.clone()], ..Append::default() };
            MemoryLog(database.clone()).write(&[&append]).await.unwrap();
        }
        let mut runners = JoinSet::new();
        for model in registry() {
            let (store, feed) = (MemoryStore(database.clone()), MemoryFeed(bus.clone()));
            runners.spawn(
                Follower { model, store, feed, upcasters: event_store::fixtures::upcasters(), batch }.run(),
            );
        }
        tokio::time::sleep(Duration::from_secs(20)).await;
        database.look(|state| {
            let views = state.views.iter().map(|(name, view)| {
                assert_eq!(view.checkpoint, state.head, "{name}");
                assert!(view.parked.is_empty(), "{name} cannot fold {:?}", view.parked);
                (name.clone(), view.rows.clone())
            });
            (state.events.values().cloned().collect(), views.collect())
        })
    })
}

/// The rows that the oracle makes of the history.
fn expected(log: &[Recorded]) -> BTreeMap<&'static str, BTreeMap<RowKey, Value>> {
    let mut rows: BTreeMap<&str, BTreeMap<RowKey, Value>> = BTreeMap::new();
    for name in [
        "sales_opportunity_list",
        "sales_stage_stay",
        "sales_lead_list",
        "sales_pipeline_list",
        "identity_user_list",
        "identity_custom_role_list",
        "identity_team_list",
        "identity_session_list",
        "identity_key_list",
        "identity_provider",
        "billing_legal_entity_list",
        "billing_customer_list",
        "billing_series_list",
        "billing_invoice_list",
        "billing_invoice_document",
        "billing_credit_note_list",
        "billing_credit_note_document",
        "billing_payment_list",
        "billing_ledger",
    ] {
        rows.entry(name).or_default();
    }
    let mut histories: BTreeMap<Uuid, Vec<&Recorded>> = BTreeMap::new();
    for event in log {
        histories.entry(event.aggregate_id).or_default().push(event);
    }
    for (id, events) in histories {
        let kind = events[0].aggregate_type.clone();
        let history = History(events);
        let mut put = |view, id, row| rows.entry(view).or_default().insert((TENANT, id), row);
        match kind.as_str() {
            "sales.opportunity" => {
                history.opportunity().map(|row| put("sales_opportunity_list", id, row));
                for (id, row) in history.stage_stays() {
                    put("sales_stage_stay", id, row);
                }
            }
            "sales.lead" => drop(history.lead().map(|row| put("sales_lead_list", id, row))),
            "identity.user" => {
                put("identity_user_list", id, history.user());
                history.all_sessions_ended().map(|row| put("identity_session_list", id, row));
                for (key, row) in history.keys() {
                    put("identity_key_list", key, row);
                }
            }
            "identity.session" => drop(history.session().map(|row| put("identity_session_list", id, row))),
            "identity.custom_role" => drop(put("identity_custom_role_list", id, history.custom_role())),
            "identity.team" => drop(history.team().map(|row| put("identity_team_list", id, row))),
            "identity.provider" => drop(history.provider().map(|row| put("identity_provider", id, row))),
            "billing.legal_entity" => drop(put("billing_legal_entity_list", id, history.legal_entity())),
            "billing.customer" => drop(put("billing_customer_list", id, history.customer())),
            "billing.series" => drop(put("billing_series_list", id, history.series())),
            "billing.invoice" => {
                history.invoice().map(|row| put("billing_invoice_list", id, row));
                history.invoice_document().map(|row| put("billing_invoice_document", id, row));
                for (id, row, document) in history.credit_note_rows() {
                    put("billing_credit_note_list", id, row);
                    put("billing_credit_note_document", id, document);
                }
                history.ledger().into_iter().for_each(|(id, row)| drop(put("billing_ledger", id, row)));
            }
            "billing.payment" => {
                put("billing_payment_list", id, history.payment());
                history.ledger().into_iter().for_each(|(id, row)| drop(put("billing_ledger", id, row)));
            }
            "sales.pipeline" => drop(put("sales_pipeline_list", id, history.pipeline())),
            _ => {}
        }
    }
    rows
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), ..ProptestConfig::default() })]

    #[test]
    fn rows_are_what_the_oracle_makes_of_the_history(events in history(), batch in 1..7_usize) {
        let (log, rows) = folded(&events, batch);
        for (view, expected) in expected(&log) {
            prop_assert_eq!(&rows[view], &expected, "{}", view);
        }
        let (_, at_once) = folded(&events, 10_000);
        prop_assert_eq!(at_once, rows);
    }
}

/// As many as `PROPTEST_CASES` says, few if it is silent: each case runs all read models twice.
fn cases() -> u32 {
    std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(40)
}
