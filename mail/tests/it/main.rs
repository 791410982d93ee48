//! Letters, to a real SMTP server and into a folder.

use std::os::unix::fs::PermissionsExt as _;

use embedded::testing::{self, Opening, TestAuthority, tls_before, unused_port};
use mail::{Cause, Letter, Mailer, SendError};

const FROM: &str = "CRM <crm@engines.example>";

fn letter(to: &str) -> Letter {
    Letter {
        to: to.to_owned(),
        subject: "Grüße\r\nBcc: eve@engines.example".to_owned(),
        text: "Dear Grace,\n\n.\nthe line above is a dot; ü is one letter.\nhttps://crm.example/accept#token=crm_link_x\n".to_owned(),
        link: None,
    }
}

#[tokio::test]
async fn a_letter_arrives_as_it_was_written_and_a_subject_adds_no_header() {
    let mut server = testing::smtp().await;
    let mailer = Mailer::smtp(&server.url(), FROM).unwrap();
    mailer.send(&letter("grace@engines.example")).await.unwrap();
    let mail = server.next().await;
    assert_eq!(
        (mail.from.as_str(), mail.to.as_slice()),
        ("crm@engines.example", &["grace@engines.example".to_owned()][..])
    );
    assert_eq!(mail.header("To"), Some("grace@engines.example"));
    assert_eq!(mail.header("From"), Some("CRM <crm@engines.example>"));
    assert_eq!(mail.header("Bcc"), None);
    assert!(
        mail.header("Message-ID").unwrap().ends_with("@engines.example>") && mail.header("Date").is_some()
    );
    assert_eq!(mail.text.trim_end().replace("\r\n", "\n"), letter("").text.trim_end());
}

#[tokio::test]
async fn a_server_says_whether_another_try_is_worth_it() {
    let mut server = testing::smtp().await;
    let mailer = Mailer::smtp(&server.url(), FROM).unwrap();
    let refused = mailer.send(&letter("refused@engines.example")).await;
    assert!(matches!(refused, Err(SendError::Refused(Cause::Answer(550)))), "{refused:?}");
    let busy = mailer.send(&letter("busy@engines.example")).await;
    assert!(matches!(busy, Err(SendError::Later(Cause::Answer(451)))), "{busy:?}");
    mailer.send(&letter("busy@engines.example")).await.unwrap();
    assert_eq!(server.next().await.to, ["busy@engines.example"]);
    let none = mailer.send(&letter("no address")).await;
    assert!(matches!(none, Err(SendError::Refused(Cause::Letter))), "{none:?}");
    drop(server);
    let away = mailer.send(&letter("grace@engines.example")).await;
    assert!(matches!(away, Err(SendError::Later(_))), "{away:?}");
}

#[tokio::test]
async fn a_server_that_is_away_is_worth_another_try() {
    let mailer = Mailer::smtp(&format!("smtp://127.0.0.1:{}", unused_port()), FROM).unwrap();
    let away = mailer.send(&letter("grace@engines.example")).await;
    assert!(matches!(away, Err(SendError::Later(Cause::Connection))), "{away:?}");
}

#[tokio::test]
async fn a_server_without_the_encryption_that_was_asked_for_gets_nothing() {
    let mut server = testing::smtp().await;
    let mailer = Mailer::smtp(&format!("{}?tls=required", server.url()), FROM).unwrap();
    let refused = mailer.send(&letter("grace@engines.example")).await;
    assert!(matches!(refused, Err(SendError::Later(_))), "{refused:?}");
    Mailer::smtp(&server.url(), FROM).unwrap().send(&letter("ada@engines.example")).await.unwrap();
    assert_eq!(server.next().await.to, ["ada@engines.example"]);
}

#[tokio::test]
async fn a_letter_goes_by_tls_to_a_server_of_an_authority_of_ones_own_and_to_no_other() {
    let mut server = testing::smtp().await;
    let authority = TestAuthority::new();
    let before = tls_before(server.address(), &authority, Opening::None).await;
    let url = format!("smtps://127.0.0.1:{}", before.port);
    let trusting = |authority: &TestAuthority| {
        let pem = std::fs::read(authority.file()).unwrap();
        Mailer::smtp_trusting(&url, FROM, Some(&pem)).unwrap()
    };
    for mailer in [Mailer::smtp(&url, FROM).unwrap(), trusting(&TestAuthority::new())] {
        let refused = mailer.send(&letter("grace@engines.example")).await;
        assert!(matches!(refused, Err(SendError::Later(Cause::Connection))), "{refused:?}");
    }
    trusting(&authority).send(&letter("ada@engines.example")).await.unwrap();
    assert_eq!(server.next().await.to, ["ada@engines.example"]);
}

#[tokio::test]
async fn a_folder_holds_each_letter_as_a_file_for_its_owner() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("mail");
    let mailer = Mailer::folder(&folder, FROM).unwrap();
    mailer.send(&letter("grace@engines.example")).await.unwrap();
    mailer.send(&letter("ada@engines.example")).await.unwrap();
    let mut files: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|file| file.unwrap()).collect();
    files.sort_by_key(std::fs::DirEntry::file_name);
    assert_eq!(files.len(), 2);
    for (file, to) in files.iter().zip(["grace@engines.example", "ada@engines.example"]) {
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(file.path().extension().unwrap(), "eml");
        assert!(std::fs::read_to_string(file.path()).unwrap().contains(&format!("To: {to}\r\n")));
    }
}

#[tokio::test]
async fn a_long_link_stays_in_one_piece_and_a_line_that_is_a_dot_is_one_line() {
    let link = format!("https://crm.example/accept#token=crm_link_{}", "x".repeat(100));
    let plain = Letter { text: format!("Hello,\n\n.\n{link}\n"), ..letter("grace@engines.example") };
    let dir = tempfile::tempdir().unwrap();
    Mailer::folder(dir.path(), FROM).unwrap().send(&plain).await.unwrap();
    let file = std::fs::read_dir(dir.path()).unwrap().next().unwrap().unwrap().path();
    let kept = std::fs::read_to_string(file).unwrap();
    assert!(kept.ends_with(&format!("\r\n\r\nHello,\r\n\r\n.\r\n{link}\r\n")), "{kept}");
    let mut server = testing::smtp().await;
    Mailer::smtp(&server.url(), FROM).unwrap().send(&plain).await.unwrap();
    assert_eq!(server.next().await.text.trim_end().replace("\r\n", "\n"), plain.text.trim_end());
}

#[test]
fn a_sender_that_is_no_address_is_refused() {
    assert!(Mailer::smtp("smtp://127.0.0.1", "CRM").is_err());
    assert!(Mailer::folder("/dev/null/mail", FROM).is_err());
}
