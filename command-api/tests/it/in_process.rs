//! Commands of callers in process, such as an importer: the same decisions, without HTTP.

use command_api::sales::opportunity::{Opening, Placing};
use command_api::sales::{import, lead, opportunity, pipeline};
use command_api::{CommandError, Context, Idempotent};
use domain::sales::import::{ImportKind, Source};
use domain::sales::lead::NewLead;
use domain::sales::pipeline::default_pipeline_id;
use domain::{CustomFields, ImportId, LeadId, OpportunityId, Text};
use uuid::Uuid;

use crate::support::{Api, time};

fn text<const MAX: usize>(text: &str) -> Text<MAX> {
    Text::parse(text).unwrap()
}

fn new_lead() -> NewLead {
    NewLead {
        name: text("Ada").into(),
        company: None,
        email: None,
        phone: None,
        source: None,
        owner: None,
        custom: CustomFields::default(),
    }
}

fn opening(placing: Placing) -> Opening {
    Opening {
        name: text("Engine"),
        placing,
        amount: None,
        expected_close: None,
        product: None,
        account: None,
        owner: Some(text("Moses Frase")),
        source: None,
        lead: None,
        custom: CustomFields::default(),
    }
}

#[tokio::test]
async fn an_import_opens_loses_and_withdraws_deals_of_the_past() {
    let api = Api::new().await;
    let run = ImportId::from_uuid(Uuid::now_v7());
    let mut context = Context { import: Some(run), ..Context::new(api.tenant, "importer", "run-1") };
    let source = Source {
        kind: ImportKind::Opportunities,
        file: text("deals.csv"),
        sha256: text(&"0".repeat(64)),
        rows: 1,
    };
    import::start(&api.app, &context, run, source.clone()).await.unwrap();
    // Taken up again after an interruption.
    assert_eq!(import::start(&api.app, &context, run, source).await.unwrap().version, 1);
    pipeline::ensure_default(&api.app, &context).await.unwrap();
    let id = default_pipeline_id(api.tenant);
    let known = pipeline::find(&api.app, api.tenant, id).await.unwrap().unwrap();
    let proposal = known.stages().iter().find(|stage| stage.name.as_str() == "Proposal").unwrap().id;
    let deal = OpportunityId::from_uuid(Uuid::now_v7());
    context.occurred_at = Some(time("2016-10-20T00:00:00Z"));
    let placing = Placing { stage: Some(proposal), ..Placing::default() };
    let opened = opportunity::open(&api.app, &context, deal, opening(placing)).await.unwrap();
    assert!(opened.created && opened.version == 1);
    let again = opportunity::open(&api.app, &context, deal, opening(placing)).await.unwrap_err();
    assert_eq!(again.code(), "opportunity.already_exists");
    context.occurred_at = Some(time("2017-03-01T00:00:00Z"));
    opportunity::lose(&api.app, &context, deal, text("Price")).await.unwrap();
    import::finish(&api.app, &context, run, 1, 0).await.unwrap();
    let sql = "select count(*) from log.event where metadata ->> 'import' = $1 and metadata ->> 'actor' = 'importer'";
    let marked: i64 = sqlx::query_scalar(sql).bind(run.to_string()).fetch_one(&api.pool).await.unwrap();
    assert_eq!(marked, 5);
    context.occurred_at = None;
    let undo = Context { if_match: Some(2), ..context.clone() };
    opportunity::withdraw(&api.app, &undo, deal, text("Import undone")).await.unwrap();
    let moved_on = opportunity::withdraw(&api.app, &undo, deal, text("Import undone")).await;
    assert!(matches!(moved_on, Err(CommandError::StaleVersion)));
    import::undo(&api.app, &context, run, 1, 0).await.unwrap();
}

#[tokio::test]
async fn a_withdrawn_lead_is_not_taken_up_again() {
    let api = Api::new().await;
    let context = Context::new(api.tenant, "importer", "run-1");
    let id = LeadId::from_uuid(Uuid::now_v7());
    lead::capture(&api.app, &context, id, new_lead()).await.unwrap();
    lead::withdraw(&api.app, &context, id, text("Import undone")).await.unwrap();
    assert_eq!(lead::withdraw(&api.app, &context, id, text("Again")).await.unwrap().version, 2);
    let refused = lead::convert(&api.app, &context, id, lead::Conversion::default()).await.unwrap_err();
    assert_eq!((refused.code(), refused.to_string().as_str()), ("lead.withdrawn", "the lead was withdrawn"));
    let named = Opening { lead: Some(id), ..opening(Placing::default()) };
    let refused = opportunity::open(&api.app, &context, OpportunityId::from_uuid(Uuid::now_v7()), named)
        .await
        .unwrap_err();
    assert_eq!(refused.errors()[0].field, "lead_id");
}

#[tokio::test]
async fn a_key_makes_rows_of_an_interrupted_run_harmless() {
    let api = Api::new().await;
    let idempotency = Some(Idempotent { key: "run-1/row-1".to_owned(), request_hash: vec![1] });
    let context = Context { idempotency, ..Context::new(api.tenant, "importer", "run-1") };
    let first =
        lead::capture(&api.app, &context, LeadId::from_uuid(Uuid::now_v7()), new_lead()).await.unwrap();
    let again =
        lead::capture(&api.app, &context, LeadId::from_uuid(Uuid::now_v7()), new_lead()).await.unwrap();
    assert!(again.replayed && !first.replayed);
    assert_eq!((again.id, again.position, again.created), (first.id, first.position, true));
}
