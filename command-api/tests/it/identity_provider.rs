//! `/api/v1/identity-provider`: on whose word a tenant lets users in.

use access::Vault;
use event_store::{Duty, MasterKeys, connect};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::mail::sign_in;
use crate::support::provider::{PROVIDER, configure, place};
use crate::support::{Api, Call, Reply};

const ISSUER: &str = "https://login.engines.example";

/// The secrets that are kept, as they lie.
async fn secrets(api: &Api) -> Vec<Vec<u8>> {
    let sql = "select secret from identity.client_secret order by made_at";
    sqlx::query_scalar(sql).fetch_all(&api.pool).await.unwrap()
}

/// The secrets that are kept, as the provider knows them.
async fn opened(api: &Api) -> Vec<String> {
    let masters = MasterKeys::parse(event_store::fixtures::MASTER_KEY).unwrap();
    let vault = Vault::new(connect(&api.url, Duty::Identity, 1).unwrap()).with_master_keys(masters);
    let sql = "select id from identity.client_secret order by made_at";
    let ids: Vec<Uuid> = sqlx::query_scalar(sql).fetch_all(&api.pool).await.unwrap();
    let mut opened = Vec::new();
    for id in ids {
        opened.push(vault.client_secret(api.tenant, id.into()).await.unwrap().unwrap());
    }
    opened
}

/// The data of the newest event of the provider.
async fn terms(api: &Api) -> Value {
    let sql = "select payload -> 'data' from log.event where aggregate_type = 'identity.provider' order by position desc limit 1";
    sqlx::query_scalar(sql).fetch_one(&api.pool).await.unwrap()
}

#[tokio::test]
async fn an_admin_configures_changes_and_removes_a_provider_and_its_secret_is_in_no_event() {
    let api = Api::new().await;
    let told = configure(&api, ISSUER, json!({"newcomers": "viewer", "email_domains": ["Engines.example"]}))
        .await
        .is(200);
    assert_eq!(told.body["data"], json!({"redirect_uri": place(api.tenant)}));
    assert_eq!(told.header("etag"), "\"1\"");
    let first = terms(&api).await;
    assert_eq!((&first["issuer"], &first["domains"]), (&json!(ISSUER), &json!(["engines.example"])));
    assert_eq!((&first["passwords"], &first["second_factor_values"]), (&json!(true), &json!([])));
    // Without a secret the present one goes on; the same terms are no event.
    let same = json!({"issuer": ISSUER, "client_id": "crm", "newcomers": "viewer", "email_domains": ["engines.example"]});
    let again = api.send(Call::new("PUT", PROVIDER).json(same)).await.is(200);
    assert_eq!((again.header("etag"), secrets(&api).await.len()), ("\"1\"", 1));
    let other = json!({"issuer": ISSUER, "client_id": "crm", "client_secret": "another", "passwords": false});
    api.send(Call::new("PUT", PROVIDER).if_match(1).json(other.clone())).await.is(200);
    assert_ne!(terms(&api).await["secret"], first["secret"]);
    assert_eq!(opened(&api).await, ["another"]);
    let stored = secrets(&api).await;
    assert!(!stored[0].windows(7).any(|bytes| bytes == b"another"), "{stored:?}");
    api.send(Call::new("PUT", PROVIDER).if_match(1).json(other)).await.fails(412, "version.stale");
    api.send(Call::new("DELETE", PROVIDER)).await.is(200);
    api.send(Call::new("DELETE", PROVIDER)).await.fails(404, "not_found");
    assert!(secrets(&api).await.is_empty());
    let log: String = sqlx::query_scalar("select jsonb_agg(to_jsonb(e))::text from log.event as e")
        .fetch_one(&api.pool)
        .await
        .unwrap();
    assert!(!log.contains("another") && !log.contains("a secret of the portal"));
}

/// Whoever may configure a provider, and does not know the secret, learns it from none of theirs.
#[tokio::test]
async fn a_secret_is_shown_to_nobody_but_the_provider_that_it_was_given_for() {
    let api = Api::new().await;
    configure(&api, ISSUER, json!({})).await.is(200);
    for (issuer, client) in [("https://evil.example", "crm"), (ISSUER, "another")] {
        let body = json!({"issuer": issuer, "client_id": client});
        let reply =
            api.send(Call::new("PUT", PROVIDER).json(body)).await.fails(422, "provider.secret_missing");
        assert_eq!(reply.fields(), ["client_secret"]);
    }
}

#[tokio::test]
async fn terms_that_would_let_in_anybody_are_refused() {
    let api = Api::new().await;
    let refused = async |more: Value, code: &str, field: &str| {
        let reply = configure(&api, ISSUER, more).await.fails(422, code);
        assert_eq!(reply.fields(), [field]);
    };
    refused(json!({"newcomers": "viewer"}), "provider.newcomers_of_any_domain", "email_domains").await;
    let admins = json!({"newcomers": "admin", "email_domains": ["engines.example"]});
    refused(admins, "provider.newcomers_as_admins", "newcomers").await;
    let values: Vec<String> = (0..21).map(|number| number.to_string()).collect();
    let many = json!({"second_factor_values": values});
    refused(many, "provider.too_many_values", "second_factor_values").await;
    refused(json!({"email_domains": ["example"]}), "values.invalid", "email_domains.0").await;
    assert_eq!(api.count("provider.configured").await, 0);
}

#[tokio::test]
async fn a_provider_in_our_own_network_is_refused() {
    let api = Api::new().await;
    for issuer in [
        "http://login.engines.example",
        "http://127.0.0.1:9000",
        "https://127.0.0.1",
        "https://169.254.169.254",
        "https://10.0.0.1:8443/realms/crm",
        "https://[::1]",
        "https://2130706433",
        "ftp://login.engines.example",
        "https://user:word@login.engines.example",
    ] {
        let reply = configure(&api, issuer, json!({})).await.fails(422, "values.invalid");
        assert_eq!(reply.fields(), ["issuer"], "{issuer}");
    }
}

#[tokio::test]
async fn it_takes_an_admin_who_has_just_shown_who_they_are() {
    let api = Api::new().await;
    let body = json!({"name": "Grace", "email": "grace@engines.example", "roles": ["admin"]});
    let grace = api.post("/api/v1/users", body).await.is(201).id();
    api.password(grace, "correct horse").await;
    let signed_in: Reply = sign_in(&api, "grace@engines.example", "correct horse").await.is(201);
    let token = signed_in.body["data"]["access_token"].as_str().unwrap();
    let body = json!({"issuer": ISSUER, "client_id": "crm", "client_secret": "x"});
    let unlink = format!("/api/v1/users/{}/identity-provider", Uuid::now_v7());
    for call in [
        Call::new("PUT", PROVIDER).json(body.clone()),
        Call::new("DELETE", PROVIDER),
        Call::new("DELETE", &unlink),
    ] {
        api.send(call.bearer(token)).await.fails(401, "step_up.required");
    }
    let fresh = api.step_up(token, "correct horse", json!({})).await.is(200);
    let fresh = fresh.body["data"]["access_token"].as_str().unwrap();
    api.send(Call::new("PUT", PROVIDER).json(body).bearer(fresh)).await.is(200);
}

#[tokio::test]
async fn a_request_that_comes_twice_has_its_effect_once() {
    let api = Api::new().await;
    let body = json!({"issuer": ISSUER, "client_id": "crm", "client_secret": "x"});
    let call = || Call::new("PUT", PROVIDER).key("once").json(body.clone());
    let first = api.send(call()).await.is(200);
    let again = api.send(call()).await.is(200);
    assert_eq!(
        (first.body["data"].clone(), again.header("idempotent-replayed")),
        (again.body["data"].clone(), "true")
    );
    assert_eq!(api.count("provider.configured").await, 1);
    configure(&api, ISSUER, json!({})).await.is(200);
    assert_eq!(secrets(&api).await.len(), 1);
}
