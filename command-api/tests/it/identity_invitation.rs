//! Coming in by invitation, over a real SMTP server.

use embedded::testing;
use serde_json::json;
use sqlx::Executor as _;
use uuid::Uuid;

use crate::support::mail::{GRACE, NEW, OLD, accept, invited, kept_until, sign_in};
use crate::support::{Api, Call, PUBLIC_URL};

#[tokio::test]
async fn whoever_is_invited_chooses_a_password_and_signs_in() {
    let (api, mut server) = (Api::new().await, testing::smtp().await);
    let _sending = api.mails_to(&server.url());
    let (user, mail) = invited(&api, &mut server).await;
    assert_eq!(
        (mail.to.as_slice(), mail.header("Subject")),
        (&[GRACE.to_owned()][..], Some("Your account in the CRM"))
    );
    assert!(mail.text.contains(&format!("{PUBLIC_URL}/accept#token={}", mail.token())), "{}", mail.text);
    assert_eq!(api.history(user).await, ["user.registered", "user.invited"]);
    let chosen = accept(&api, &mail.token(), NEW).await.is(200);
    assert_eq!((chosen.uuid("tenant_id"), chosen.uuid("user_id")), (api.tenant.as_uuid(), user));
    sign_in(&api, GRACE, NEW).await.is(201);
    accept(&api, &mail.token(), OLD).await.fails(409, "link.over");
    let again = api.post(&format!("/api/v1/users/{user}/invite"), json!({})).await;
    again.fails(409, "user.has_password");
    kept_until(&api, (0, 0)).await;
    assert_eq!(server.left().await, 0);
}

#[tokio::test]
async fn of_invitations_only_the_newest_link_is_good() {
    let (api, mut server) = (Api::new().await, testing::smtp().await);
    let _sending = api.mails_to(&server.url());
    let (user, first) = invited(&api, &mut server).await;
    api.post(&format!("/api/v1/users/{user}/invite"), json!({})).await.is(200);
    let second = server.next().await;
    accept(&api, &first.token(), OLD).await.fails(409, "link.over");
    accept(&api, &second.token(), NEW).await.is(200);
}

#[tokio::test]
async fn an_invitation_that_is_sent_again_under_its_key_brings_one_mail() {
    let (api, mut server) = (Api::new().await, testing::smtp().await);
    let _sending = api.mails_to(&server.url());
    let body = json!({"name": "Grace", "email": GRACE, "invite": true});
    let call = || Call::post("/api/v1/users").key("once").json(body.clone());
    let user = api.send(call()).await.is(201).id();
    assert_eq!(api.send(call()).await.is(201).id(), user);
    let invite = || Call::post(&format!("/api/v1/users/{user}/invite")).key("again").json(json!({}));
    api.send(invite()).await.is(200);
    api.send(invite()).await.is(200);
    server.next().await;
    server.next().await;
    kept_until(&api, (0, 1)).await;
    assert_eq!(server.left().await, 0);
}

#[tokio::test]
async fn nobody_is_invited_by_a_command_that_is_refused_or_was_never_carried_out() {
    let (api, mut server) = (Api::new().await, testing::smtp().await);
    let _sending = api.mails_to(&server.url());
    let user = api.user(GRACE).await;
    let twin = json!({"name": "Twin", "email": GRACE, "invite": true});
    api.post("/api/v1/users", twin).await.fails(409, "user.email_taken");
    let stale = Call::post(&format!("/api/v1/users/{user}/invite")).if_match(7).json(json!({}));
    api.send(stale).await.fails(412, "version.stale");
    api.post(&format!("/api/v1/users/{}/invite", Uuid::now_v7()), json!({})).await.fails(404, "not_found");
    kept_until(&api, (0, 0)).await;
    // As after a crash between writing the mail down and appending what it tells of.
    for somebody in [user, Uuid::now_v7()] {
        let held = "insert into identity.mail (tenant_id, id, kind, user_id, due_at, expires_at)
            values ($1, uuidv7(), 'invitation', $2, now(), now() + interval '1 day')";
        api.pool.execute(sqlx::query(held).bind(api.tenant.as_uuid()).bind(somebody)).await.unwrap();
    }
    kept_until(&api, (0, 0)).await;
    assert_eq!(server.left().await, 0);
}

#[tokio::test]
async fn a_link_of_one_tenant_opens_nothing_in_another() {
    let (api, mut server) = (Api::new().await, testing::smtp().await);
    let _sending = api.mails_to(&server.url());
    let (_, mail) = invited(&api, &mut server).await;
    let token = mail.token();
    for forged in
        ["", "crm_link_", &token[1..], &token.replacen("crm_link_", "crm_rt_", 1), &format!("{token}A")]
    {
        accept(&api, forged, NEW).await.fails(409, "link.over");
    }
    // The first 16 bytes are the tenant.
    let mut other = token.clone();
    other.replace_range(9..20, "AAAAAAAAAAA");
    accept(&api, &other, NEW).await.fails(409, "link.over");
    accept(&api, &token, NEW).await.is(200);
}

/// Invited by a wrong address, whoever reads mail there is not let in once it is put right.
#[tokio::test]
async fn a_link_to_an_address_of_before_opens_nothing() {
    let (api, mut server) = (Api::new().await, testing::smtp().await);
    let _sending = api.mails_to(&server.url());
    let (user, wrong) = invited(&api, &mut server).await;
    api.patch(&format!("/api/v1/users/{user}"), json!({"email": "hopper@engines.example"})).await.is(200);
    accept(&api, &wrong.token(), NEW).await.fails(409, "link.over");
    api.post(&format!("/api/v1/users/{user}/invite"), json!({})).await.is(200);
    let right = server.next().await;
    assert_eq!(right.to, ["hopper@engines.example"]);
    accept(&api, &right.token(), NEW).await.is(200);
}

#[tokio::test]
async fn a_user_is_invited_so_often_in_an_hour_and_what_was_answered_is_answered_again() {
    let (api, mut server) = (Api::new().await, testing::smtp().await);
    let _sending = api.mails_to(&server.url());
    let (user, _) = invited(&api, &mut server).await;
    let invite = || Call::post(&format!("/api/v1/users/{user}/invite")).json(json!({}));
    api.send(invite().key("first")).await.is(200);
    for _ in 0..3 {
        api.send(invite()).await.is(200);
    }
    let refused = api.send(invite()).await.fails(429, "rate.limited");
    let wait: u64 = refused.header("retry-after").parse().unwrap();
    assert!((600..=720).contains(&wait), "{wait}");
    api.send(invite().key("first")).await.is(200);
    // Others are not held back, in this tenant or another.
    let body = json!({"name": "Ada", "email": "ada@engines.example", "invite": true});
    api.post("/api/v1/users", body).await.is(201);
    assert_eq!(api.history(user).await.iter().filter(|name| *name == "user.invited").count(), 5);
}

#[tokio::test]
async fn a_tenant_invites_so_many_in_an_hour_and_others_are_not_held_back() {
    let api = Api::new().await;
    let invite = async |tenant, number: u32| {
        let body = json!({"name": "Kim", "email": format!("kim{number}@engines.example"), "invite": true});
        api.send(Call::post("/api/v1/users").of(tenant).json(body)).await
    };
    let mut count = 0;
    while invite(api.tenant, count).await.status == 201 {
        count += 1;
    }
    invite(api.tenant, count).await.fails(429, "rate.limited");
    // Two hundred at once, and one each 18 seconds since.
    assert!((200..210).contains(&count), "{count}");
    assert_eq!(api.count("user.invited").await, i64::from(count));
    invite(Uuid::now_v7().into(), 0).await.is(201);
}

#[tokio::test]
async fn what_somebody_else_typed_is_not_in_an_invitation() {
    let (api, mut server) = (Api::new().await, testing::smtp().await);
    let _sending = api.mails_to(&server.url());
    let name = "Your account is locked: evil.example";
    api.post("/api/v1/users", json!({"name": name, "email": GRACE, "invite": true})).await.is(201);
    let mail = server.next().await;
    assert!(mail.text.starts_with("Hello,") && !mail.text.contains("evil"), "{}", mail.text);
}
