//! The trail of the built binary: what was refused is in it when the process has ended, and what operators take out too.

use serde_json::{Value, json};

use crate::crm::{Crm, Site};

impl Site {
    async fn trail(&self, crm: &Crm, kind: &str) -> Vec<Value> {
        let request =
            self.client.get(format!("{}/trail?filter[kind]={kind}", crm.api)).bearer_auth(&self.token);
        let answer: Value = request.send().await.unwrap().json().await.unwrap();
        answer["data"]["items"].as_array().unwrap_or_else(|| panic!("{answer}")).clone()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_refused_is_written_before_the_process_ends_and_sign_ins_tell_from_where() {
    let site = Site::new().await;
    let mut crm = site.serve().await;
    site.signed_in(&crm, "correct horse").await;
    for number in 0..5 {
        let email = format!("nobody{number}@engines.example");
        let body = json!({"tenant_id": site.tenant, "email": email, "password": "wrong one"});
        let refused = site.client.post(format!("{}/sessions", crm.api)).json(&body).send().await.unwrap();
        assert_eq!(refused.status(), 401);
    }
    crm.signal("TERM").await;
    crm.child.wait().await.unwrap();

    let crm = site.serve().await;
    let refused = site.trail(&crm, "sign_in_refused").await;
    assert_eq!(refused.iter().filter_map(|entry| entry["count"].as_i64()).sum::<i64>(), 5, "{refused:?}");
    assert!(refused.iter().all(|entry| entry["address"] == "127.0.0.1"), "{refused:?}");
    let signed_in = site.trail(&crm, "sign_in").await;
    assert_eq!((signed_in.len(), &signed_in[0]["address"]), (1, &json!("127.0.0.1")));
    assert_eq!(signed_in[0]["route"], "/api/v1/sessions");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_operators_replay_is_recorded_for_each_tenant_whose_events_it_has() {
    let site = Site::new().await;
    let crm = site.serve().await;
    site.open(&crm, "one").await.unwrap();
    let (done, lines) = site.run(&["replay"]).await;
    assert!(done, "{lines}");
    let exports = site.trail(&crm, "export").await;
    assert_eq!(exports.len(), 2, "{exports:?}");
    assert_eq!((&exports[0]["code"], &exports[1]["code"]), (&json!("finished"), &json!("begun")));
    assert_eq!(exports[0]["detail"]["rows"], lines.lines().count());
    assert_eq!((&exports[0]["actor"], &exports[0]["detail"]["what"]), (&json!("crm"), &json!("crm replay")));
}
