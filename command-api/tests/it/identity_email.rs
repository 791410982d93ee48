//! Another address of one's own, over a real SMTP server.

use embedded::testing;
use serde_json::json;

use crate::support::mail::{GRACE, NEW, OLD, grace, kept_until, public, sign_in};
use crate::support::{Api, Call};

#[tokio::test]
async fn an_address_of_ones_own_is_another_once_mail_to_it_is_confirmed() {
    let (api, mut server) = (Api::new().await, testing::smtp().await);
    let _sending = api.mails_to(&server.url());
    let (user, token) = grace(&api).await;
    let ask = async |email: &str, password: &str| {
        let body = json!({"email": email, "current_password": password});
        api.send(Call::post("/api/v1/email").bearer(&token).json(body)).await
    };
    ask("hopper@engines.example", NEW).await.fails(401, "password.wrong");
    ask("hopper@engines.example", OLD).await.is(202);
    let mut mails = [server.next().await, server.next().await];
    mails.sort_by(|one, other| one.to.cmp(&other.to));
    let [notice, link] = mails;
    assert_eq!(
        (notice.to, link.to.clone()),
        (vec![GRACE.to_owned()], vec!["hopper@engines.example".to_owned()])
    );
    assert!(!notice.text.contains("token="), "{}", notice.text);
    assert_eq!(api.history(user).await, ["user.registered", "user.password_changed"]);
    public(&api, "/email/confirm", json!({"token": link.token()})).await.is(200);
    public(&api, "/email/confirm", json!({"token": link.token()})).await.fails(409, "link.over");
    assert_eq!(api.history(user).await.last().unwrap(), "user.email_changed");
    sign_in(&api, GRACE, OLD).await.fails(401, "credentials.wrong");
    sign_in(&api, "hopper@engines.example", OLD).await.is(201);
    kept_until(&api, (0, 0)).await;
}

#[tokio::test]
async fn an_address_that_somebody_has_by_then_is_not_taken_and_another_password_ends_the_link() {
    let (api, mut server) = (Api::new().await, testing::smtp().await);
    let _sending = api.mails_to(&server.url());
    let (user, token) = grace(&api).await;
    let mut ask = async |email: &str| {
        let body = json!({"email": email, "current_password": OLD});
        api.send(Call::post("/api/v1/email").bearer(&token).json(body)).await.is(202);
        let mails = [server.next().await, server.next().await];
        mails.into_iter().find(|mail| mail.to == [email]).unwrap().token()
    };
    let taken = ask("hopper@engines.example").await;
    api.user("hopper@engines.example").await;
    public(&api, "/email/confirm", json!({"token": taken})).await.fails(409, "user.email_taken");
    let ended = ask("g.hopper@engines.example").await;
    api.password(user, NEW).await;
    public(&api, "/email/confirm", json!({"token": ended})).await.fails(409, "link.over");
    assert_eq!(api.count("user.email_changed").await, 0);
}

#[tokio::test]
async fn what_somebody_calls_themselves_is_not_in_a_mail_to_an_address_that_may_be_a_strangers() {
    let (api, mut server) = (Api::new().await, testing::smtp().await);
    let _sending = api.mails_to(&server.url());
    let (user, token) = grace(&api).await;
    let phish = json!({"name": "Your account is locked: evil.example"});
    api.patch(&format!("/api/v1/users/{user}"), phish).await.is(200);
    let body = json!({"email": "stranger@elsewhere.example", "current_password": OLD});
    api.send(Call::post("/api/v1/email").bearer(&token).json(body)).await.is(202);
    for mail in [server.next().await, server.next().await] {
        assert!(mail.text.starts_with("Hello,") && !mail.text.contains("evil"), "{}", mail.text);
    }
}

#[tokio::test]
async fn mails_about_a_user_are_counted_together_by_the_hour() {
    let api = Api::new().await;
    let (user, token) = grace(&api).await;
    for number in 0..3 {
        let body = json!({"email": format!("g{number}@engines.example"), "current_password": OLD});
        api.send(Call::post("/api/v1/email").bearer(&token).json(body)).await.is(202);
    }
    // Whoever has a password is not invited; but it counts that somebody wanted to.
    let path = format!("/api/v1/users/{user}/invite");
    let invite = || api.post(&path, json!({}));
    for _ in 0..2 {
        invite().await.fails(409, "user.has_password");
    }
    invite().await.fails(429, "rate.limited");
}
