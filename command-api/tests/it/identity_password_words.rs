//! Passwords that whoever guesses tries first, since they know where they are for and whose they are.

use command_api::Context;
use command_api::identity::invitation::new_link;
use command_api::identity::tenant::{Entry, FirstAdmin, create};
use domain::{EmailAddress, Personal, Text, UserId};
use embedded::testing;
use serde_json::json;
use uuid::Uuid;

use crate::support::mail::{NEW, OLD, accept, ask_reset, public, reset, sign_in};
use crate::support::{Api, Call, Reply};

const GRACE: &str = "g.hopper@mail.example";
/// Of the product, of the company, of the user, and their address, as people write them.
const WORDS: [&str; 6] =
    ["crm-portal-1", "3xample Engin3s", "EngineRoom engines", "grace-2026", "H0pper!!", GRACE];

/// The tenant of the API with its name, and the link of its first admin.
async fn company(api: &Api) -> (UserId, String) {
    let id = UserId::from_uuid(Uuid::now_v7());
    let admin = FirstAdmin {
        id,
        name: Personal::new(Text::parse("Grace Hopper").unwrap()),
        email: Personal::new(EmailAddress::parse(GRACE).unwrap()),
        entry: Entry::Invited,
    };
    let context = Context::new(api.tenant, "crm tenant", "a test");
    create(&api.app, &context, &Text::parse("Example Engines").unwrap(), &admin).await.unwrap();
    let link = new_link(&api.app, api.tenant, id).await.unwrap();
    (id, link.rsplit_once("token=").unwrap().1.to_owned())
}

#[track_caller]
fn refused(reply: Reply, field: &str) {
    let reply = reply.fails(422, "values.invalid");
    assert_eq!(reply.fields(), [field]);
    assert!(reply.text.contains("must not contain the name of the product"), "{}", reply.text);
}

#[tokio::test]
async fn words_of_the_context_are_refused_wherever_a_password_is_chosen() {
    let (api, mut server) = (Api::new().await, testing::smtp().await);
    let _sending = api.mails_to(&server.url());
    let (grace, invitation) = company(&api).await;
    for word in WORDS {
        refused(accept(&api, &invitation, word).await, "password");
    }
    // That spent nothing.
    accept(&api, &invitation, OLD).await.is(200);
    let signed_in = sign_in(&api, GRACE, OLD).await.is(201);
    let token = signed_in.body["data"]["access_token"].as_str().unwrap();
    for word in WORDS {
        let body = json!({"current_password": OLD, "new_password": word});
        refused(
            api.send(Call::new("PUT", "/api/v1/password").bearer(token).json(body)).await,
            "new_password",
        );
    }
    ask_reset(&api, GRACE).await.is(202);
    let mail = server.next().await;
    refused(reset(&api, &mail.token(), WORDS[4]).await, "password");
    reset(&api, &mail.token(), NEW).await.is(200);
    sign_in(&api, GRACE, NEW).await.is(201);
    // By whoever reaches the database, too.
    let context = Context::new(api.tenant, "crm user", "a test");
    let word = access::Password::choose(WORDS[3]).unwrap();
    let set = command_api::identity::password::set(&api.app, &context, grace, word).await;
    assert!(edge::Problem::from(set.unwrap_err()).status() == 422);
    sign_in(&api, GRACE, NEW).await.is(201);
}

#[tokio::test]
async fn whoever_signs_up_does_not_take_the_name_of_the_company_that_they_begin() {
    let (api, mut server) = (Api::new().await, testing::smtp().await);
    let _sending = api.mails_to(&server.url());
    let body = json!({"company": "Example Engines", "name": "Grace Hopper", "email": GRACE});
    public(&api, "/sign-ups", body).await.is(202);
    let token = server.next().await.token();
    for word in WORDS {
        let body = json!({"token": token, "password": word});
        refused(public(&api, "/sign-ups/complete", body).await, "password");
    }
    public(&api, "/sign-ups/complete", json!({"token": token, "password": NEW})).await.is(201);
}
